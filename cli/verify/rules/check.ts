/** What one check came to. A check is as bad as its worst finding. */
import type { Found } from './found.ts';

/** `pending`: the campaign's state does not let it be said yet. `warning`: true, and not wrong. */
export type Severity = 'violated' | 'warning' | 'pending';
export type CheckStatus = 'ok' | Severity;

export interface Finding {
  readonly severity: Severity;
  /** A sentence; with `count`, what follows the number. */
  readonly what: string;
  readonly count?: number;
  /** Ids, at most five. */
  readonly examples: readonly string[];
}

export interface Check {
  readonly name: string;
  /** What must hold, in a short sentence. */
  readonly rule: string;
  /** Numbers of the invariants that it looks at. */
  readonly invariants: readonly number[];
  readonly status: CheckStatus;
  /** What was counted; sums are exact decimals. */
  readonly figures: Readonly<Record<string, number | string>>;
  readonly findings: readonly Finding[];
}

const WORST_FIRST: readonly Severity[] = ['violated', 'warning', 'pending'];

export function check(
  of: Omit<Check, 'status' | 'findings'>,
  ...findings: readonly (Finding | undefined)[]
): Check {
  const there = findings.filter((finding) => finding !== undefined);
  const status =
    WORST_FIRST.find((severity) => there.some((finding) => finding.severity === severity)) ?? 'ok';
  return { ...of, status, findings: there };
}

/** undefined when nothing was found. */
export function finding(severity: Severity, found: Found, what: string): Finding | undefined {
  if (found.count === 0) return undefined;
  return { severity, what, count: found.count, examples: found.examples };
}

/** A finding that no target is an example of. */
export function findingIf(isFound: boolean, severity: Severity, what: string): Finding | undefined {
  return isFound ? { severity, what, examples: [] } : undefined;
}
