/** One seed: a world, run until it is quiet, and checked. The same seed does the same, to the last event. */
import type { Bug } from './bugs/bug.ts';
import { checkCalmSeed, checkLedgerEqualsRows, checkWorld } from './checks/final-checks.ts';
import type { Violation } from './checks/violation.ts';
import { Random } from './engine/random.ts';
import type { TraceLine } from './engine/trace.ts';
import type { Fault } from './faults.ts';
import { People } from './people.ts';
import { drawPlan } from './plan.ts';
import type { Plan } from './plan.ts';
import type { World } from './world-parts.ts';
import { SimulatedWorld } from './world.ts';

export interface SeedOptions {
  readonly seed: number;
  readonly targetCount: number;
  readonly faults: ReadonlySet<Fault>;
  readonly bug?: Bug | undefined;
  readonly traced?: boolean;
}

export interface SeedOutcome {
  readonly seed: number;
  readonly violation: Violation | undefined;
  readonly plan: Plan;
  readonly trace: readonly TraceLine[];
  readonly virtualSeconds: number;
  readonly calls: number;
}

/** Whatever struck has ceased by then for hours: what is not quiet now will never be. */
const LONGEST_SECONDS = 8 * 3600;

export async function runSeed({ seed, targetCount, faults, bug, traced }: SeedOptions): Promise<SeedOutcome> {
  const random = new Random(seed);
  const plan = drawPlan(random, { targetCount, faults });
  const world = new SimulatedWorld(plan, random, { traced: traced === true, bug });
  const people = new People(world);
  await runUntilQuiet(world, people);
  await checkEnd(world, people);
  return {
    seed,
    violation: world.auditor.violation,
    plan,
    trace: world.trace.lines,
    virtualSeconds: world.timeline.now,
    calls: world.auditor.callCount,
  };
}

async function checkEnd(world: World, people: People): Promise<void> {
  const { auditor, database, random } = world;
  if (auditor.violation !== undefined) return;
  checkWorld(world);
  if (world.isCalm) checkCalmSeed(world);

  const isOver = () => auditor.violation !== undefined;
  if (isOver() || !random.chance(0.5)) return;
  // 14. A finished campaign that is started again makes no call.
  const calls = auditor.callCount;
  for (const promotion of database.promotions) {
    if (promotion.status === 'COMPLETED') people.startAgain(promotion);
  }
  await runUntilQuiet(world, people);
  if (isOver()) return;
  if (auditor.callCount !== calls)
    auditor.fail(14, `started again, ${auditor.callCount - calls} calls were made`);
  if (isOver() || !random.chance(0.5)) return;
  // 3. What was given up is redriven: now the ledger and the rows must be equal.
  people.redriveAll();
  await runUntilQuiet(world, people);
  if (isOver()) return;
  checkWorld(world);
  checkLedgerEqualsRows(world);
}

/** 13. It does go quiet: every campaign reaches its end, every message is dealt with. */
async function runUntilQuiet(
  { timeline, auditor, database, queue, executions }: World,
  people: People,
): Promise<void> {
  const end = timeline.now + LONGEST_SECONDS;
  await timeline.run(() => people.isQuiet || auditor.violation !== undefined || timeline.now > end);
  if (people.isQuiet || auditor.violation !== undefined) return;
  const statuses = database.promotions
    .map(({ promotionId, status }) => `${promotionId} ${status}`)
    .join(', ');
  auditor.fail(
    13,
    `not quiet after ${LONGEST_SECONDS / 3600} h: promotions ${statuses}; ${queue.size} messages, ${executions.running} executions`,
  );
}
