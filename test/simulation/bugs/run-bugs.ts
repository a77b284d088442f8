/** Bugs of a run: how it begins, publishes, is counted, closed and redriven. */
import type { PromotionRecord } from '../services/rows.ts';
import type { World } from '../world-parts.ts';
import type { Bug } from './bug.ts';

const failedIgnored: Bug = {
  name: 'failed-entries-ignored',
  what: 'Failed[] of SendMessageBatch is not read',
  caughtBy: [11],
  ports: (ports) => ({
    ...ports,
    queue: {
      ...ports.queue,
      send: async (grants) => {
        await ports.queue.send(grants);
        return [];
      },
    },
  }),
};

const toldBeforePublished: Bug = {
  name: 'told-before-published',
  what: 'an alert is marked as told before the topic has it',
  caughtBy: [15],
  ports: (ports) => ({
    ...ports,
    topic: {
      publish: async (alert) => {
        await ports.store.markTold(alert.alertKey, ports.clock.now());
        await ports.topic.publish(alert);
      },
    },
  }),
};

const openingUntold: Bug = {
  name: 'opening-untold',
  what: 'the breaker opens without an alert',
  caughtBy: [15],
  ports: (ports) => ({
    ...ports,
    store: {
      ...ports.store,
      saveBreaker: (expectedVersion, next) => ports.store.saveBreaker(expectedVersion, next),
    },
  }),
};

const rangeOffByOne: Bug = {
  name: 'range-off-by-one',
  what: 'each range but the first begins one target too late',
  caughtBy: [11],
  useCases: (production) => ({
    ...production,
    beginCampaign: async (services, input) => {
      const output = await production.beginCampaign(services, input);
      if (!output.begun) return output;
      const partitions = output.partitions.map((partition, index) =>
        index === 0 ? partition : { ...partition, fromTargetId: String(Number(partition.fromTargetId) + 1) },
      );
      return { ...output, partitions };
    },
  }),
};

const countersAsTruth: Bug = {
  name: 'counters-as-truth',
  what: 'Redis says how many targets are final',
  caughtBy: [4, 12, 13],
  ports: (ports) => ({
    ...ports,
    store: {
      ...ports.store,
      countResults: async (of) => {
        const run = await ports.store.latestRun(of.promotionId);
        const counted = run === undefined ? undefined : await ports.counters.read(run.summaryId);
        return counted ?? ports.store.countResults(of);
      },
    },
  }),
};

const nothingTakenBack: Bug = {
  name: 'nothing-taken-back',
  what: 'a run does not publish again what the run before left under way',
  caughtBy: [13],
  ports: (ports) => ({
    ...ports,
    store: {
      ...ports.store,
      returnUnpaid: () => Promise.resolve(),
      windUp: () => Promise.resolve(),
    },
  }),
};

const bodyFromChangedDefaults: Bug = {
  name: 'body-from-changed-defaults',
  what: 'the defaults are not frozen',
  caughtBy: [3, 7, 13],
  ports: (ports, { database }) => ({
    ...ports,
    store: {
      ...ports.store,
      findPromotion: async (promotionId) => {
        const found = await ports.store.findPromotion(promotionId);
        const defaults = database.find(promotionId)?.defaults;
        return found === undefined || defaults === undefined ? found : { ...found, defaults };
      },
    },
  }),
};

const turnSkipped: Bug = {
  name: 'turn-skipped',
  what: 'a campaign begins without a look at the others',
  caughtBy: [10],
  ports: (ports, world) => ({
    ...ports,
    store: {
      ...ports.store,
      askForTurn: () => Promise.resolve(true),
      beginRun: async (begin) => {
        const begun = await ports.store.beginRun(begin);
        const promotion = world.database.find(begin.promotionId);
        if (begun !== 'another-pays' || promotion === undefined) return begun;
        beginAnyway(world, promotion, begin.executionId);
        return 'begun';
      },
    },
  }),
};

function beginAnyway({ database }: World, promotion: PromotionRecord, executionId: string): void {
  const progress = { publishedCount: 0, successCount: 0, failCount: 0, retrySuccessCount: 0 };
  const summaryId = String(1000 + Number(promotion.promotionId));
  promotion.summary ??= { summaryId, progress, completedMs: null, stoppedMs: null, stoppedMemo: null };
  promotion.frozenDefaults ??= promotion.defaults;
  const runNumber = (promotion.runs.at(-1)?.runNumber ?? 0) + 1;
  promotion.runs.push({ runNumber, executionId, endedAt: null, outcome: null });
  database.setStatus(promotion, 'IN_PROGRESS');
  database.witness.runBegun(promotion);
}

const staleRunCloses: Bug = {
  name: 'stale-run-closes-newer',
  what: 'an execution that ended closes the campaign, whoever runs it by now',
  caughtBy: [13],
  ports: (ports, { database }) => ({
    ...ports,
    store: {
      ...ports.store,
      closeRun: async (close) => {
        const closed = await ports.store.closeRun(close);
        if (closed !== undefined) return closed;
        const promotion = database.promotions.find(({ runs }) =>
          runs.some(({ executionId }) => executionId === close.executionId),
        );
        if (promotion?.status !== 'IN_PROGRESS') return undefined;
        database.setStatus(promotion, close.outcome);
        const { promotionId, promotionType } = promotion;
        return { promotionId, promotionType };
      },
    },
  }),
};

const redriveOfThePaid: Bug = {
  name: 'redrive-skips-status',
  what: 'a redrive takes every dead letter, of targets that were paid since too',
  caughtBy: [1, 12, 14],
  ports: (ports, { database }) => ({
    ...ports,
    store: {
      ...ports.store,
      redrive: async (of, selection, limit, nowMs) => {
        const count = await ports.store.redrive(of, selection, limit, nowMs);
        const promotion = database.find(of.promotionId);
        if (promotion === undefined) return count;
        const paid = [...database.deadLetters.values()].flatMap(({ grant }) => {
          const target =
            grant?.promotionId === of.promotionId ? promotion.byId.get(grant.targetId) : undefined;
          return target?.result?.processStatus === 'SUCCESS' ? [target] : [];
        });
        for (const target of paid) {
          target.publishStatus = 'PENDING';
          target.result = undefined;
        }
        if (paid.length > 0 && promotion.status === 'COMPLETED') database.setStatus(promotion, 'READY');
        database.witness.redriven(promotion, paid);
        return count;
      },
    },
  }),
};

export const RUN_BUGS: readonly Bug[] = [
  failedIgnored,
  rangeOffByOne,
  countersAsTruth,
  nothingTakenBack,
  bodyFromChangedDefaults,
  turnSkipped,
  staleRunCloses,
  redriveOfThePaid,
  toldBeforePublished,
  openingUntold,
];
