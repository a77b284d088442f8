/** How a verification is told: lines for people, one JSON object for programs. */
import { grouped } from '../output/grouped.ts';
import type { Check, Finding } from './rules/check.ts';
import type { Verification } from './verify-campaign.ts';

export function holds({ checks }: Verification): boolean {
  return checks.every((check) => check.status !== 'violated');
}

export function asJson(verification: Verification, ledgerUrl: string | undefined): string {
  const { facts, phase, targetCount, checks } = verification;
  const { promotionId, promotionType, status } = facts;
  return JSON.stringify({
    promotionId,
    promotionType,
    status,
    phase,
    targets: targetCount,
    ledger: ledgerUrl ?? null,
    verified: holds(verification),
    checks,
  });
}

export function asText(verification: Verification): string {
  const { facts, targetCount, checks } = verification;
  const width = Math.max(...checks.map((check) => check.name.length));
  return [
    `promotion ${facts.promotionId}: ${facts.promotionType}, ${facts.status}, ${grouped(targetCount)} targets, ${grouped(facts.runs.count)} runs`,
    '',
    ...checks.flatMap((check) => linesOf(check, width)),
    '',
    conclusion(verification),
    '',
  ].join('\n');
}

/** VIOLATED stands out without colour. */
const SHOWN_STATUS = { ok: 'ok', pending: 'pending', warning: 'warning', violated: 'VIOLATED' } as const;

function linesOf(check: Check, width: number): string[] {
  const figures = Object.entries(check.figures).map(
    ([name, value]) => `${name} ${typeof value === 'number' ? grouped(value) : value}`,
  );
  const head = `${SHOWN_STATUS[check.status].padEnd(8)}  ${check.name.padEnd(width)}`;
  return [
    `${head}  ${check.rule}: ${figures.join(', ')}`,
    ...check.findings.map((finding) => `${' '.repeat(10)}- ${sentenceOf(finding)}`),
  ];
}

function sentenceOf({ severity, count, what, examples }: Finding): string {
  const number = count === undefined ? '' : `${grouped(count)} `;
  // Of what is merely not finished yet, the number says enough.
  if (examples.length === 0 || severity === 'pending') return `${number}${what}`;
  const more = examples.length < (count ?? 0) ? ', …' : '';
  return `${number}${what}: ${examples.join(', ')}${more}`;
}

function conclusion(verification: Verification): string {
  const { checks, facts, phase } = verification;
  const count = (status: Check['status']) => checks.filter((check) => check.status === status).length;
  if (!holds(verification)) return `VIOLATED: ${count('violated')} of ${checks.length} checks`;
  if (count('pending') === 0) return `ALL HOLD: ${checks.length} checks`;
  const when = phase === 'settling' ? 'it is wound up, in some minutes (or say --final)' : 'it has ended';
  return `NOTHING VIOLATED: ${count('pending')} of ${checks.length} checks are pending until ${when}; now it is ${facts.status}`;
}
