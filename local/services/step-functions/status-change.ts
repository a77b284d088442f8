/** What Step Functions tells EventBridge of an execution: the detail of "Step Functions Execution Status Change". */
import type { Execution } from './execution.ts';

export interface StatusChange {
  readonly executionArn: string;
  readonly stateMachineArn: string;
  readonly stateMachineVersionArn: null;
  readonly stateMachineAliasArn: null;
  readonly name: string;
  readonly status: Execution['status'];
  /** Milliseconds since the epoch, unlike the API's seconds. */
  readonly startDate: number;
  readonly stopDate: number | null;
  /** JSON text; null when it would make the event too large. */
  readonly input: string | null;
  readonly inputDetails: { readonly included: boolean };
  readonly output: string | null;
  /** Null while there is no output. */
  readonly outputDetails: { readonly included: boolean } | null;
  readonly redriveCount: number;
  /** Milliseconds since the epoch. */
  readonly redriveDate: number | null;
  readonly error: string | null;
  readonly cause: string | null;
}

/** Input and output as strings within JSON have so much room in an event: beyond it first the input is left out. */
const ESCAPED_BYTES_LIMIT = 248 * 1024;

export function statusChangeOf(execution: Execution): StatusChange {
  const { spec, status, startDate, stopDate, error, cause, redriveCount, redriveDate } = execution;
  const output = execution.output === undefined ? null : JSON.stringify(execution.output);
  const outputBytes = escapedBytes(output);
  const outputFits = outputBytes <= ESCAPED_BYTES_LIMIT;
  const inputFits = escapedBytes(spec.inputText) + outputBytes <= ESCAPED_BYTES_LIMIT;
  return {
    executionArn: spec.arn,
    stateMachineArn: spec.stateMachineArn,
    stateMachineVersionArn: null,
    stateMachineAliasArn: null,
    name: spec.name,
    status,
    startDate,
    stopDate: stopDate ?? null,
    input: inputFits ? spec.inputText : null,
    inputDetails: { included: inputFits },
    output: outputFits ? output : null,
    outputDetails: output === null ? null : { included: outputFits },
    redriveCount,
    redriveDate: redriveDate ?? null,
    error: error ?? null,
    cause: cause ?? null,
  };
}

function escapedBytes(text: string | null): number {
  return text === null ? 0 : Buffer.byteLength(JSON.stringify(text));
}
