/** Whether statements allow a call, as IAM decides: a Deny wins, and what nothing allows is denied. */
import type { Operator, Statement } from '../template/policy.ts';

export interface Call {
  /** `service:Action`. */
  readonly action: string;
  /** An ARN, or `*` for actions that know no resource. */
  readonly resource: string;
  /** What conditions ask for, by condition key. */
  readonly context?: Readonly<Record<string, string>>;
}

export type Decision<S extends Statement = Statement> = 'allowed' | 'not allowed' | { readonly deniedBy: S };

export function decide<S extends Statement>(statements: readonly S[], call: Call): Decision<S> {
  const matching = statements.filter((statement) => applies(statement, call));
  const deniedBy = matching.find(({ effect }) => effect === 'Deny');
  if (deniedBy !== undefined) return { deniedBy };
  return matching.length > 0 ? 'allowed' : 'not allowed';
}

/** As a resource's policy decides it for a service of AWS. */
export function decideFor(service: string, statements: readonly Statement[], call: Call): Decision {
  const concerned = statements.filter(
    ({ principals }) => principals.includes(service) || principals.includes('*'),
  );
  return decide(concerned, call);
}

export function applies({ actions, resources, conditions }: Statement, call: Call): boolean {
  return (
    actions.some((action) => matchesPattern(action.toLowerCase(), call.action.toLowerCase())) &&
    resources.some((resource) => matchesPattern(resource, call.resource)) &&
    Object.entries(conditions).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator as Operator, wanted, valueOf(call, key))),
    )
  );
}

/** Keys are compared without case. */
function valueOf({ context = {} }: Call, key: string): string | undefined {
  const [, value] = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase()) ?? [];
  return value;
}

/** A key that the call does not carry holds for no operator. */
function holds(operator: Operator, wanted: readonly string[], value: string | undefined): boolean {
  if (value === undefined) return false;
  switch (operator) {
    case 'StringEquals':
      return wanted.includes(value);
    case 'Bool':
      return wanted.some((one) => one.toLowerCase() === value.toLowerCase());
    case 'StringLike':
      return wanted.some((pattern) => matchesPattern(pattern, value));
    case 'ArnEquals':
    case 'ArnLike':
      return wanted.some((pattern) => matchesArn(pattern, value));
  }
}

const SEGMENTS = 6;

/** As ArnLike and ArnEquals do: no wildcard reaches past a colon, but for those within the last of the six segments. */
export function matchesArn(pattern: string, arn: string): boolean {
  const [wanted, given] = [segmentsOf(pattern), segmentsOf(arn)];
  return (
    given.length === SEGMENTS &&
    wanted.length === SEGMENTS &&
    wanted.every((segment, at) => matchesPattern(segment, given[at] ?? ''))
  );
}

function segmentsOf(arn: string): string[] {
  const parts = arn.split(':');
  return parts.length < SEGMENTS
    ? parts
    : [...parts.slice(0, SEGMENTS - 1), parts.slice(SEGMENTS - 1).join(':')];
}

/** `*` stands for any characters, `?` for one. */
export function matchesPattern(pattern: string, text: string): boolean {
  if (!/[*?]/.test(pattern)) return pattern === text;
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}
