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

export type Decision = 'allowed' | 'not allowed' | 'denied';

export function decide(statements: readonly Statement[], call: Call): Decision {
  const matching = statements.filter((statement) => applies(statement, call));
  if (matching.some(({ effect }) => effect === 'Deny')) return 'denied';
  return matching.length > 0 ? 'allowed' : 'not allowed';
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
    case 'ArnEquals':
    case 'ArnLike':
      return wanted.some((pattern) => matchesPattern(pattern, value));
  }
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
