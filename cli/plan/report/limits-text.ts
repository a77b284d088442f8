import { grouped } from '../../output/grouped.ts';
import { columns } from '../../output/table.ts';
import type { Limit } from '../rules/limits.ts';
import type { RunPlan } from '../rules/plan-run.ts';
import { percent } from './units.ts';

/** What is exceeded stands out without colour. */
const SHOWN_STATUS = { ok: 'ok', near: 'near', exceeded: 'EXCEEDED' } as const;
/** Nothing is refused: it is only unwise. */
const SHOWN_ADVICE = { ok: 'ok', near: 'ok', exceeded: 'warning' } as const;

export function limitLines(plan: RunPlan): string[] {
  const { limits, first } = plan;
  const rows = limits.map(({ name, kind, status, need, limit, share }) => [
    (kind === 'advice' ? SHOWN_ADVICE : SHOWN_STATUS)[status],
    name,
    grouped(need),
    `of ${grouped(limit)}`,
    percent(share),
  ]);
  const remedies = limits.filter(
    ({ status, kind }) => status === 'exceeded' || (status === 'near' && kind !== 'advice'),
  );
  return [
    'Quotas and capacity at the full pace',
    ...columns(rows, [2, 4]).map((line) => `  ${line}`),
    ...remedies.map(({ name, remedy }) => `  - ${name}: ${remedy}`),
    '',
    conclusion(first, plan),
    '',
  ];
}

function conclusion({ name, status, share, metAtTps }: Limit, { duration, settings }: RunPlan): string {
  const at = metAtTps === null ? '' : `, at ${grouped(metAtTps)} TPS`;
  if (status !== 'exceeded') {
    return `NO QUOTA IS HIT at ${grouped(settings.tps)} TPS; ${name} would bind first${at} (${percent(share)} used)`;
  }
  const { bound, publishingRowsPerSecond } = duration;
  const consequence =
    bound === 'publishing'
      ? `it is met when publishing gets faster than its ${grouped(publishingRowsPerSecond)} rows a second`
      : 'raise it, or the run takes longer than expected';
  return `${name} BINDS FIRST${at}: ${consequence}`;
}
