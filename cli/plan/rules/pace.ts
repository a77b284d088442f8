/** How the ceiling is divided among the environments, and what each of them then does. */
import { batchSizeFor } from '../../../lambdas/campaign-grant/domain/batch-size.ts';
import { pacingFor } from '../../../lambdas/campaign-grant/domain/pacer.ts';

export interface Settings {
  /** Calls a second that the Money API admits. */
  readonly tps: number;
  /** Environments of GrantRewards. */
  readonly concurrency: number;
  readonly headroomSeconds: number;
  readonly backlogSeconds: number;
  readonly progressIntervalSeconds: number;
  /** Aurora capacity units of the writer. */
  readonly maxCapacityUnits: number;
  /** With readers, which are as large as the writer. */
  readonly databaseInstances: number;
}

/** How long the Money API takes to answer. */
export interface Latency {
  readonly meanMs: number;
  /** A share of the answers, and how long these take. */
  readonly slow: { readonly share: number; readonly ms: number } | null;
}

export interface Pace {
  /** Whole calls a second: what each environment is allowed. */
  readonly callsOfOneEnvironment: number;
  /** Calls a second of the ceiling that no environment makes. */
  readonly leftOverTps: number;
  readonly slotSeconds: number;
  /** Messages that an invocation receives at once: one read and one write of the database. */
  readonly batchSize: number;
  /** Of all environments, with the headroom off. */
  readonly callsPerSecond: number;
  readonly meanLatencyMs: number;
  /** In one environment, at any time. */
  readonly callsUnderWay: number;
}

/** @throws RangeError for more environments than calls a second */
export function paceOf({ tps, concurrency, headroomSeconds }: Settings, latency: Latency): Pace {
  const { callsPerWindow, slot } = pacingFor({ tps, concurrency, headroom: headroomSeconds });
  const meanLatencyMs = meanOf(latency);
  return {
    callsOfOneEnvironment: callsPerWindow,
    leftOverTps: tps - concurrency * callsPerWindow,
    slotSeconds: slot,
    batchSize: batchSizeFor(slot),
    callsPerSecond: concurrency / slot,
    meanLatencyMs,
    callsUnderWay: (callsPerWindow * meanLatencyMs) / 1_000,
  };
}

function meanOf({ meanMs, slow }: Latency): number {
  return slow === null ? meanMs : meanMs * (1 - slow.share) + slow.ms * slow.share;
}
