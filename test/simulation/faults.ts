/** The faults of invariants.md, each with its name. A seed draws which of them it has, and how often they strike. */
export const FAULTS = {
  money: [
    'money-lost-request',
    'money-lost-answer',
    'money-late',
    'money-duplicated',
    'money-429',
    'money-500',
    'money-503',
    'money-reset',
    'money-slow',
    'money-breaks-contract',
    'money-unauthorized',
    'money-down',
  ],
  database: [
    'database-timeout',
    'database-deadlock',
    'database-lost-answer',
    'database-broken',
    'database-slow',
    'database-down',
  ],
  queue: [
    'queue-duplicate',
    'queue-lost-delete',
    'queue-early-visible',
    'queue-partial-send',
    'queue-throttled-send',
    'queue-lost-answer',
    'queue-deduplication-passed',
    'queue-purged',
    'queue-stale-backlog',
    'queue-receive-fails',
    'queue-postpone-fails',
    'queue-poison',
  ],
  topic: ['topic-refuses', 'topic-lost-answer'],
  redis: ['redis-away', 'redis-down', 'redis-emptied'],
  platform: [
    'platform-kill',
    'platform-stall',
    'platform-freeze',
    'platform-clock-off',
    'platform-throttle',
    'platform-lost-event',
    'platform-event-twice',
    'platform-second-start',
    'platform-task-failed',
    'platform-runtime-lost',
    'platform-schedule-late',
  ],
  stop: ['stop-status', 'stop-api', 'stop-execution', 'stop-defaults-edited'],
  redrive: ['redrive-during', 'redrive-after'],
  turn: ['turn-second-campaign'],
} as const;

export type FaultGroup = keyof typeof FAULTS;
export type Fault = (typeof FAULTS)[FaultGroup][number];

export const FAULT_GROUPS: readonly FaultGroup[] = [
  'money',
  'database',
  'queue',
  'topic',
  'redis',
  'platform',
  'stop',
  'redrive',
  'turn',
];
export const ALL_FAULTS: readonly Fault[] = FAULT_GROUPS.flatMap((group): readonly Fault[] => FAULTS[group]);

/** @throws Error that names what is neither a fault nor a group of them. */
export function parseFaults(text: string): Fault[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'none')
    .flatMap((name): readonly Fault[] => {
      const group = FAULT_GROUPS.find((candidate) => candidate === name);
      if (group !== undefined) return FAULTS[group];
      const fault = ALL_FAULTS.find((candidate) => candidate === name);
      if (fault === undefined) {
        throw new Error(`no fault '${name}': one of ${[...FAULT_GROUPS, ...ALL_FAULTS].join(', ')}`);
      }
      return [fault];
    });
}
