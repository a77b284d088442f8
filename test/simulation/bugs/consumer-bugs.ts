/** Bugs of the consumer: what it takes for due, and what it leaves behind. */
import type { BatchReading, GateReading } from '../../../lambdas/campaign-grant/ports.ts';
import type { Bug } from './bug.ts';

const resultsForgotten: Bug = {
  name: 'earlier-results-dropped',
  what: 'a message is paid without a look at what was recorded before',
  caughtBy: [8, 13, 14],
  ports: (ports) => ({
    ...ports,
    store: {
      ...ports.store,
      readBatch: async (promotionType, grants): Promise<BatchReading> => {
        const reading = await ports.store.readBatch(promotionType, grants);
        const states = reading.states.map((state) => ({ ...state, processStatus: null, attemptCount: 0 }));
        return { ...reading, states };
      },
    },
  }),
};

const stopOnlyInPublisher: Bug = {
  name: 'stop-only-in-publisher',
  what: 'a stop ends publishing, and what is in the queue is paid all the same',
  caughtBy: [5],
  ports: (ports) => ({
    ...ports,
    store: {
      ...ports.store,
      readBatch: async (promotionType, grants): Promise<BatchReading> => {
        const reading = await ports.store.readBatch(promotionType, grants);
        return {
          ...reading,
          states: reading.states.map((state) => ({ ...state, promotionStatus: 'IN_PROGRESS' })),
        };
      },
      readGate: async (promotionIds): Promise<GateReading> => {
        const reading = await ports.store.readGate(promotionIds);
        return { ...reading, inProgress: new Set(promotionIds) };
      },
    },
  }),
};

const stopOncePerBatch: Bug = {
  name: 'stop-once-per-batch',
  what: 'the status is looked at when a batch comes, and not before each of its calls',
  caughtBy: [5],
  ports: (ports) => ({
    ...ports,
    store: {
      ...ports.store,
      readGate: async (promotionIds): Promise<GateReading> => {
        const reading = await ports.store.readGate(promotionIds);
        return { ...reading, inProgress: new Set(promotionIds) };
      },
    },
  }),
};

const attemptsByReceives: Bug = {
  name: 'attempts-by-receives',
  what: 'attempts are counted by how often the queue handed the message out',
  caughtBy: [8, 9],
  useCases: (production) => ({
    ...production,
    grantRewards: (services, batch, budget) => {
      const receives = Math.max(...batch.map(({ receiveCount }) => receiveCount));
      const { store } = services;
      const readBatch: typeof store.readBatch = async (promotionType, grants) => {
        const reading = await store.readBatch(promotionType, grants);
        const states = reading.states.map((state) => ({ ...state, attemptCount: receives - 1 }));
        return { ...reading, states };
      };
      return production.grantRewards({ ...services, store: { ...store, readBatch } }, batch, budget);
    },
  }),
};

const retryAtOnce: Bug = {
  name: 'retry-at-once',
  what: 'a message that must come again is not postponed',
  caughtBy: [8],
  ports: (ports) => ({
    ...ports,
    queue: { ...ports.queue, postpone: (handles) => ports.queue.postpone(handles, 0) },
  }),
};

const deadLetterAfterResult: Bug = {
  name: 'dead-letter-after-result',
  what: 'the FAILED result is written before its dead letter',
  caughtBy: [2],
  useCases: (production) => ({
    ...production,
    grantRewards: (services, batch, budget) => {
      const { store } = services;
      let waiting: Parameters<typeof store.recordDeadLetters> | undefined;
      return production.grantRewards(
        {
          ...services,
          store: {
            ...store,
            recordDeadLetters: (...letters) => {
              waiting = letters;
              return Promise.resolve();
            },
            recordResults: async (...results) => {
              await store.recordResults(...results);
              if (waiting !== undefined) await store.recordDeadLetters(...waiting);
            },
          },
        },
        batch,
        budget,
      );
    },
  }),
};

export const CONSUMER_BUGS: readonly Bug[] = [
  resultsForgotten,
  stopOnlyInPublisher,
  stopOncePerBatch,
  attemptsByReceives,
  retryAtOnce,
  deadLetterAfterResult,
];
