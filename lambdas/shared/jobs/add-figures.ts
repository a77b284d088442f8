import type { Figures } from '../../../schema/jobs.ts';

/** @example addFigures({ read: 1 }, { read: 2, missing: 1 }) // { read: 3, missing: 1 } */
export function addFigures(a: Figures, b: Figures): Figures {
  const sum = { ...a };
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count;
  return sum;
}
