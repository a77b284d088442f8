import type { Bug } from './bug.ts';
import { CONSUMER_BUGS } from './consumer-bugs.ts';
import { MONEY_BUGS } from './money-bugs.ts';
import { RUN_BUGS } from './run-bugs.ts';

export const BUGS: readonly Bug[] = [...CONSUMER_BUGS, ...MONEY_BUGS, ...RUN_BUGS];

export function findBug(name: string): Bug | undefined {
  return BUGS.find((bug) => bug.name === name);
}
