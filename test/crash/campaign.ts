/** One campaign that is killed again and again, and what it came to. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ListExecutionsCommand, SFNClient, StopExecutionCommand } from '@aws-sdk/client-sfn';
import type { Pool } from 'mysql2/promise';
import * as z from 'zod';
import type { DemoPromotion } from '../../demo/campaigns/load.ts';
import type { Outside } from './outside.ts';
import { startRuntimeProcess } from './runtime-process.ts';
import type { RunningEndpoints, RuntimeProcess, RuntimeProcessOptions } from './runtime-process.ts';
import { verify } from './verify.ts';

export interface CampaignPlan {
  readonly promotion: DemoPromotion;
  readonly kills: number;
  /** In [0, 1), from the seed. */
  readonly draw: () => number;
}

export interface CampaignOutcome {
  readonly kills: number;
  readonly stops: number;
  readonly outages: number;
  /** From each time that the runtime was up to its first Money call, unless the breaker was open. */
  readonly firstCallSeconds: readonly number[];
  /** From each stop to the last Money call after it; 0 when there was none. */
  readonly lastCallAfterStopSeconds: readonly number[];
  /** What verify says in the end, with the ledger. */
  readonly verification: { readonly ok: boolean; readonly text: string };
}

interface Context {
  readonly db: Pool;
  readonly outside: Outside;
  readonly runtime: RuntimeProcessOptions;
  readonly log: (line: string) => void;
}

type Life = 'killed' | 'completed';

const statusRows = z.tuple([z.array(z.object({ status: z.string() })), z.unknown()]);
const breakerRows = z.tuple([z.array(z.object({ openedMs: z.number().nullable() })), z.unknown()]);
const LONGEST_CAMPAIGN_MS = 15 * 60_000;

/** Kills the runtime `kills` times in mid-campaign, then lets it finish. @throws Error when it does not finish */
export async function crashCampaign(context: Context, plan: CampaignPlan): Promise<CampaignOutcome> {
  const { db, log } = context;
  const { promotionId } = plan.promotion;
  const outcome = { kills: 0, stops: 0, outages: 0, firstCallSeconds: [], lastCallAfterStopSeconds: [] };
  const lives = new Lives(context, plan, outcome);
  // Reserved for now: the reconciler starts it when the runtime comes up.
  await db.query('UPDATE campaign_promotions SET reservation_at = NOW() WHERE promotion_id = ?', [
    promotionId,
  ]);

  while (outcome.kills < plan.kills) {
    if ((await lives.live()) === 'completed') {
      log(`  completed after ${outcome.kills} kills`);
      break;
    }
  }
  return { ...outcome, verification: await lives.finish() };
}

class Lives {
  readonly #context: Context;
  readonly #plan: CampaignPlan;
  readonly #outcome: {
    kills: number;
    stops: number;
    outages: number;
    firstCallSeconds: number[];
    lastCallAfterStopSeconds: number[];
  };

  constructor(
    context: Context,
    plan: CampaignPlan,
    outcome: {
      kills: number;
      stops: number;
      outages: number;
      firstCallSeconds: number[];
      lastCallAfterStopSeconds: number[];
    },
  ) {
    this.#context = context;
    this.#plan = plan;
    this.#outcome = outcome;
  }

  /** The runtime comes up, pays for a moment, meets an outage or a stop perhaps, and is killed. */
  async live(): Promise<Life> {
    const { draw } = this.#plan;
    const runtime = startRuntimeProcess(this.#context.runtime);
    // Now and then it dies while it starts.
    if (draw() < 0.1) {
      await sleep(draw() * 3000);
      await this.#kill(runtime, 'while starting');
      return 'killed';
    }
    const before = await this.#context.outside.moneyStats();
    const endpoints = await runtime.up;
    const wasPaused = await this.#isPaused();
    const first = await this.#firstCall(before.arrived);
    if (first === undefined) {
      await runtime.close();
      return 'completed';
    }
    if (!wasPaused) this.#outcome.firstCallSeconds.push(first);
    await sleep(draw() * 600);

    const fate = draw();
    if (fate < 0.2 && endpoints !== undefined) await this.#stopAndResume(endpoints, draw() < 0.5);
    else if (fate < 0.4) await this.#outage(draw());
    else await sleep(draw() * 400);
    const life = (await this.#status()) === 'COMPLETED' ? 'completed' : 'killed';
    if (life === 'completed') await runtime.close();
    else await this.#kill(runtime, `${first.toFixed(1)} s to the first call`);
    return life;
  }

  /** The last life: the campaign completes, and is verified. */
  async finish(): Promise<CampaignOutcome['verification']> {
    const { db, outside } = this.#context;
    const runtime = startRuntimeProcess(this.#context.runtime);
    const giveUpAt = Date.now() + LONGEST_CAMPAIGN_MS;
    const before = await outside.moneyStats();
    const endpoints = await runtime.up;
    if (endpoints === undefined) throw new Error('the runtime ended by itself');
    const wasPaused = await this.#isPaused();
    const first = await this.#firstCall(before.arrived);
    if (first !== undefined && !wasPaused) this.#outcome.firstCallSeconds.push(first);
    for (;;) {
      const status = await this.#status();
      if (status === 'COMPLETED') break;
      if (status === 'STOPPED' || status === 'FAILED') {
        await db.query("UPDATE campaign_promotions SET promotion_status = 'READY' WHERE promotion_id = ?", [
          this.#plan.promotion.promotionId,
        ]);
      }
      if (Date.now() > giveUpAt) {
        await runtime.close();
        throw new Error(`promotion ${this.#plan.promotion.promotionId} is still ${status} after 15 minutes`);
      }
      await sleep(500);
    }
    const { promotionId } = this.#plan.promotion;
    const verification = await verify(endpoints, promotionId, `${outside.money.url}/ledger`);
    await runtime.close();
    return verification;
  }

  async #kill(runtime: RuntimeProcess, when: string): Promise<void> {
    await runtime.kill();
    this.#outcome.kills += 1;
    this.#context.log(`  kill ${this.#outcome.kills}: ${when}`);
  }

  /** Seconds until a Money call more than `arrived` came; undefined when the campaign completed without one. */
  async #firstCall(arrived: number): Promise<number | undefined> {
    const from = Date.now();
    for (;;) {
      const stats = await this.#context.outside.moneyStats();
      if (stats.arrived > arrived) return (Date.now() - from) / 1000;
      if ((await this.#status()) === 'COMPLETED') return undefined;
      if (Date.now() - from > 120_000) throw new Error('no Money call within two minutes of a restart');
      await sleep(50);
    }
  }

  /** By status, or by StopExecution; then READY again, which the next reconciliation follows. */
  async #stopAndResume(endpoints: RunningEndpoints, byExecution: boolean): Promise<void> {
    const { db, outside, log } = this.#context;
    const { promotionId } = this.#plan.promotion;
    this.#outcome.stops += 1;
    if (byExecution) await stopExecutions(endpoints);
    else {
      await db.query(
        "UPDATE campaign_promotions SET promotion_status = 'STOPPED' WHERE promotion_id = ? AND promotion_status = 'IN_PROGRESS'",
        [promotionId],
      );
    }
    const stoppedAt = Date.now();
    await sleep(4000);
    const { lastCallAt } = await outside.moneyStats();
    const after = Math.max(0, (lastCallAt ?? 0) - stoppedAt) / 1000;
    this.#outcome.lastCallAfterStopSeconds.push(after);
    log(`  stop by ${byExecution ? 'StopExecution' : 'status'}: last call ${after.toFixed(2)} s later`);
    await db.query(
      "UPDATE campaign_promotions SET promotion_status = 'READY' WHERE promotion_id = ? AND promotion_status = 'STOPPED'",
      [promotionId],
    );
  }

  async #outage(which: number): Promise<void> {
    const { outside, log } = this.#context;
    const { draw } = this.#plan;
    this.#outcome.outages += 1;
    const seconds = 1 + draw() * 4;
    const shown = `${seconds.toFixed(1)} s`;
    if (which < 0.3) {
      log(`  Redis away for ${shown}`);
      await outside.takeRedisAway(seconds);
    } else if (which < 0.6) {
      log(`  database killed, away for ${shown}`);
      await outside.takeDatabaseAway(seconds);
    } else if (which < 0.8) {
      log(`  database frozen for ${shown}`);
      await outside.freezeDatabase(seconds);
    } else {
      log(`  Money API down for ${shown}`);
      await outside.controlMoney({ down: true });
      await sleep(seconds * 1000);
      await outside.controlMoney({ down: false });
    }
    await sleep(draw() * 1000);
  }

  /** An open breaker keeps the first call waiting for its probe, over restarts too. */
  async #isPaused(): Promise<boolean> {
    const [[row]] = breakerRows.parse(
      await this.#context.db.query('SELECT opened_ms AS openedMs FROM campaign_money_breaker'),
    );
    return row !== undefined && row.openedMs !== null;
  }

  async #status(): Promise<string> {
    const [[row]] = statusRows.parse(
      await this.#context.db.query(
        'SELECT promotion_status AS status FROM campaign_promotions WHERE promotion_id = ?',
        [this.#plan.promotion.promotionId],
      ),
    );
    return row?.status ?? 'gone';
  }
}

async function stopExecutions({ stepFunctions, output }: RunningEndpoints): Promise<void> {
  const client = new SFNClient({
    endpoint: stepFunctions,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });
  try {
    const { executions = [] } = await client.send(
      new ListExecutionsCommand({ stateMachineArn: output('CampaignRunArn'), statusFilter: 'RUNNING' }),
    );
    for (const { executionArn } of executions) {
      await client.send(new StopExecutionCommand({ executionArn, error: 'Operator', cause: 'crash test' }));
    }
  } finally {
    client.destroy();
  }
}
