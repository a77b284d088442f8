/** What a run asks of each AWS service when nothing fails: no retry, no redrive, no second pass. */
import { AWS, ESTIMATES, GRANTLINE } from './assumptions.ts';
import type { Duration, Workload } from './duration.ts';
import type { Pace, Settings } from './pace.ts';
import { roundUp } from './round-up.ts';

export interface Calls {
  readonly lambda: LambdaCalls;
  readonly sqs: SqsCalls;
  readonly dataApi: { readonly requests: number; readonly billedRequests: number };
  readonly stepFunctions: { readonly transitions: number; readonly historyEvents: number };
  readonly logs: { readonly gigabytes: number };
  readonly aurora: { readonly capacityUnitHours: number };
}

export interface LambdaCalls {
  readonly grantRewards: number;
  readonly publishPartition: number;
  readonly trackProgress: number;
  /** WaitForTurn, BeginCampaign, FinishCampaign. */
  readonly otherSteps: number;
  readonly invocations: number;
  readonly gigabyteSeconds: number;
}

export interface SqsCalls {
  readonly sendMessageBatch: number;
  readonly receiveMessage: number;
  readonly deleteMessageBatch: number;
  readonly getQueueAttributes: number;
  readonly billedRequests: number;
}

/** The run's parts that several services see. */
interface Shape {
  readonly work: Workload;
  readonly pace: Pace;
  readonly duration: Duration;
  readonly settings: Settings;
  readonly batches: number;
  readonly pages: number;
  /** Of all publishers together, a second each: they wait behind the backlog. */
  readonly waits: number;
}

const OTHER_STEPS = 3;

export function callsOf(work: Workload, pace: Pace, duration: Duration, settings: Settings): Calls {
  const partitions = duration.partitionSizes;
  const shape: Shape = {
    work,
    pace,
    duration,
    settings,
    batches: Math.ceil(work.toPay / pace.batchSize),
    pages: partitions.reduce((sum, size) => sum + Math.ceil(size / GRANTLINE.publishPageSize), 0),
    waits: partitions.length * roundUp(Math.max(0, duration.payingSeconds - duration.publishingSeconds)),
  };
  const lambda = lambdaCalls(shape);
  const stepFunctions = transitionsOf(shape, lambda);
  const sqs = sqsCalls(shape, lambda);
  return {
    lambda,
    sqs,
    dataApi: dataApiCalls(shape),
    stepFunctions,
    logs: { gigabytes: logBytes(shape, lambda, stepFunctions.historyEvents) / 1e9 },
    aurora: {
      capacityUnitHours:
        (settings.databaseInstances * settings.maxCapacityUnits * duration.totalSeconds) / 3_600,
    },
  };
}

function lambdaCalls({ work, pace, duration, settings, waits }: Shape): LambdaCalls {
  const { payingSeconds, publishingSeconds, runSeconds, partitionSizes } = duration;
  const partitions = partitionSizes.length;
  const lanes = Math.min(settings.concurrency, work.toPay);
  const grantRewards = lanes * roundUp(payingSeconds / GRANTLINE.grantInvocationSeconds);
  const publisherSeconds = partitions * publishingSeconds + waits;
  const publishPartition =
    partitions * roundUp(publisherSeconds / (partitions || 1) / GRANTLINE.stepInvocationSeconds);
  const trackProgress = Math.max(1, roundUp(runSeconds / GRANTLINE.stepInvocationSeconds));
  return {
    grantRewards,
    publishPartition,
    trackProgress,
    otherSteps: OTHER_STEPS,
    invocations: grantRewards + publishPartition + trackProgress + OTHER_STEPS,
    gigabyteSeconds:
      // Each invocation ends with its last answer.
      (lanes * payingSeconds + (grantRewards * pace.meanLatencyMs) / 1_000) * GRANTLINE.grantMemoryGb +
      publisherSeconds * GRANTLINE.publishMemoryGb +
      (runSeconds + OTHER_STEPS * ESTIMATES.stepSeconds) * GRANTLINE.trackMemoryGb,
  };
}

function sqsCalls(
  { work, pace, duration, settings, batches, pages, waits }: Shape,
  { grantRewards }: LambdaCalls,
): SqsCalls {
  const sendMessageBatch = Math.ceil(work.toPay / AWS.sqsBatchSize);
  // What an invocation begins with, the event source mapping has received, and deletes.
  const ofBatches = batches * Math.ceil(pace.batchSize / AWS.sqsBatchSize) + grantRewards;
  const getQueueAttributes = pages + waits + intervalsOf(duration, settings);
  const chunks = Math.ceil((AWS.sqsBatchSize * ESTIMATES.messageBytes) / AWS.sqsChunkBytes);
  return {
    sendMessageBatch,
    receiveMessage: ofBatches,
    deleteMessageBatch: ofBatches,
    getQueueAttributes,
    billedRequests: (sendMessageBatch + ofBatches) * chunks + ofBatches + getQueueAttributes,
  };
}

function dataApiCalls({ work, pace, duration, settings, batches, pages, waits }: Shape): Calls['dataApi'] {
  const partitions = duration.partitionSizes.length;
  // Is it still paid? Then the page, then its mark; and the page after the last one, which is empty.
  const publishing = 3 * pages + 2 * partitions + waits;
  // The summary, whether it is still paid, and the breaker.
  const tracking = 3 * intervalsOf(duration, settings);
  const requests = publishing + 2 * batches + tracking + ESTIMATES.beginAndFinishStatements;
  const pageRows = Math.min(GRANTLINE.publishPageSize, work.remaining);
  const batchRows = Math.min(pace.batchSize, work.toPay);
  return {
    requests,
    billedRequests:
      requests +
      pages * (chunksOf(pageRows * ESTIMATES.pageRowBytes) - 1) +
      batches * (chunksOf(batchRows * ESTIMATES.batchReadRowBytes) - 1) +
      batches * (chunksOf(batchRows * ESTIMATES.batchWriteRowBytes) - 1),
  };
}

function intervalsOf(duration: Duration, settings: Settings): number {
  return roundUp(duration.runSeconds / settings.progressIntervalSeconds);
}

function chunksOf(rowBytes: number): number {
  return Math.ceil((rowBytes + ESTIMATES.statementBytes) / AWS.dataApiChunkBytes);
}

/** WaitForTurn, BeginCampaign and FinishCampaign with their choices; PublishAndTrack, DecideType, the map, the ends. */
const ONCE_TRANSITIONS = 12;
/** Five of a task, two of a choice. */
const EVENTS_OF_A_LOOP = 7;
const ONCE_EVENTS = 60;

/** The tracking loop is in the function: the machine sees an invocation of some minutes, not each interval. */
function transitionsOf(
  { duration }: Shape,
  { publishPartition, trackProgress }: LambdaCalls,
): Calls['stepFunctions'] {
  const partitions = duration.partitionSizes.length;
  return {
    transitions: ONCE_TRANSITIONS + 2 * trackProgress + 2 * publishPartition + partitions,
    // Of the execution itself: the partitions are executions of their own.
    historyEvents: ONCE_EVENTS + EVENTS_OF_A_LOOP * trackProgress,
  };
}

function logBytes({ work, batches }: Shape, { invocations }: LambdaCalls, historyEvents: number): number {
  return (
    batches * ESTIMATES.batchLogBytes +
    work.toPay * ESTIMATES.callLogBytes +
    invocations * (ESTIMATES.logInvocationBytes + ESTIMATES.logLineBytes) +
    historyEvents * ESTIMATES.logEventBytes
  );
}
