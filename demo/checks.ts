/** What a demo checks, and how it says so. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** The figures that were compared. */
  readonly detail: string;
}

export function equal(name: string, actual: number | string, expected: number | string): Check {
  const detail = actual === expected ? String(actual) : `${actual}, expected ${expected}`;
  return { name, ok: actual === expected, detail };
}

export function checkLine(check: Check): string {
  return `  ${check.ok ? 'ok  ' : 'FAIL'}  ${check.name}: ${check.detail}\n`;
}
