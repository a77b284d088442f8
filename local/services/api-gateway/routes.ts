/** Which route of an HTTP API a request takes. */

export interface MatchedRoute<Route> {
  readonly route: Route;
  readonly pathParameters: Readonly<Record<string, string>>;
}

type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'greedy'; readonly name: string };

interface Pattern<Route> {
  readonly route: Route;
  readonly method: string;
  readonly segments: readonly Segment[];
}

/**
 * API Gateway takes the route whose path fits best: a literal before a variable, a variable before a greedy one, and
 * `$default` when nothing else fits. Between routes of the same path, one of the method itself goes before ANY.
 */
export function routeTable<Route extends { readonly routeKey: string }>(
  routes: readonly Route[],
): (method: string, path: string) => MatchedRoute<Route> | undefined {
  const patterns = routes.flatMap((route) => patternOf(route) ?? []).toSorted(moreSpecificFirst);
  const fallback = routes.find(({ routeKey }) => routeKey === '$default');
  return (method, path) => {
    for (const { route, method: wanted, segments } of patterns) {
      if (wanted !== 'ANY' && wanted !== method) continue;
      const pathParameters = matched(segments, path.slice(1).split('/'));
      if (pathParameters !== undefined) return { route, pathParameters };
    }
    return fallback && { route: fallback, pathParameters: {} };
  };
}

function patternOf<Route extends { readonly routeKey: string }>(route: Route): Pattern<Route> | undefined {
  const [method = '', path] = route.routeKey.split(' ');
  if (path === undefined) return undefined;
  return { route, method, segments: path.slice(1).split('/').map(segmentOf) };
}

function segmentOf(text: string): Segment {
  const [, name, greedy] = /^\{([^}+]+)(\+?)\}$/.exec(text) ?? [];
  if (name === undefined) return { kind: 'literal', text };
  return { kind: greedy === '+' ? 'greedy' : 'variable', name };
}

const RANK = { literal: 0, variable: 1, greedy: 2 };

function moreSpecificFirst(a: Pattern<unknown>, b: Pattern<unknown>): number {
  for (const [index, segment] of a.segments.entries()) {
    const other = b.segments[index];
    if (other === undefined) break;
    if (segment.kind !== other.kind) return RANK[segment.kind] - RANK[other.kind];
  }
  return Number(a.method === 'ANY') - Number(b.method === 'ANY');
}

/** @returns the path's variables; undefined when it does not fit */
function matched(segments: readonly Segment[], parts: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const part = parts[index];
    if (part === undefined) return undefined;
    if (segment.kind === 'greedy') {
      const rest = parts.slice(index).join('/');
      return rest === '' ? undefined : { ...parameters, [segment.name]: rest };
    }
    if (segment.kind === 'literal' ? part !== segment.text : part === '') return undefined;
    if (segment.kind === 'variable') parameters[segment.name] = part;
  }
  return parts.length === segments.length ? parameters : undefined;
}
