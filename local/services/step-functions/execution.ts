/** One execution of a machine, or of a distributed map's item processor, from its start to its end. */
import type { StateGroup } from './definition.ts';
import { Halt, StateError, asStateError } from './errors.ts';
import type { ContextObject } from './expressions.ts';
import { History } from './history.ts';
import { runStates } from './interpreter.ts';
import { payloadText } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import type { ChildStatus } from './map-run.ts';
import type { Host } from './scope.ts';
import { after } from './timing.ts';

export interface ExecutionSpec {
  readonly arn: string;
  readonly name: string;
  readonly stateMachineArn: string;
  readonly stateMachineName: string;
  readonly states: StateGroup;
  readonly input: Json;
  /** The input as the caller wrote it. */
  readonly inputText: string;
  readonly timeoutSeconds: number | undefined;
  /** Of a distributed map's child. */
  readonly mapRun?: { readonly arn: string; readonly itemCount: number };
}

export class Execution {
  readonly spec: ExecutionSpec;
  readonly history = new History();
  readonly startDate = Date.now();
  /** Resolves at the end, however it ends. */
  readonly ended: Promise<void>;
  status: 'RUNNING' | ChildStatus = 'RUNNING';
  stopDate: number | undefined;
  output: Json | undefined;
  error: string | undefined;
  cause: string | undefined;
  readonly #controller = new AbortController();
  readonly #onChange: (execution: Execution) => void;
  readonly #resolveEnded: () => void;
  #cancelTimeout: () => void = () => undefined;

  constructor(spec: ExecutionSpec, onChange: (execution: Execution) => void) {
    this.spec = spec;
    this.#onChange = onChange;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    this.ended = promise;
    this.#resolveEnded = () => resolve(undefined);
  }

  /** Goes on by itself after this returns; never throws. */
  run(host: Host): void {
    this.#onChange(this);
    const { timeoutSeconds, states, input, inputText } = this.spec;
    if (timeoutSeconds !== undefined) {
      this.#cancelTimeout = after(timeoutSeconds * 1000, () =>
        this.#end('TIMED_OUT', { error: 'States.Timeout' }),
      );
    }
    const trail = this.history.trail();
    trail.add('ExecutionStarted', { executionStartedEventDetails: { input: inputText } });
    runStates(states, input, {
      context: this.#context(),
      trail,
      signal: this.#controller.signal,
      host,
      runStates,
    }).then(
      (output) => this.#end('SUCCEEDED', { output }),
      (error: unknown) => {
        // A halt has been recorded by what caused it.
        if (!(error instanceof Halt)) this.#end('FAILED', asStateError(error));
      },
    );
  }

  /** Ends it at once as ABORTED; nothing happens when it has ended. */
  stop(error?: string, cause?: string): void {
    this.#end('ABORTED', { error, reason: cause });
  }

  #end(
    status: ChildStatus,
    how: { output?: Json; error?: string | undefined; reason?: string | undefined } | StateError,
  ): void {
    if (this.status !== 'RUNNING') return;
    this.#cancelTimeout();
    this.status = status;
    this.stopDate = Date.now();
    if ('output' in how) this.output = how.output;
    else {
      this.error = how.error;
      this.cause = how.reason;
    }
    this.history.end(...lastEvent(this));
    this.#controller.abort(new Halt(`the execution has ended: ${status}`));
    this.#resolveEnded();
    this.#onChange(this);
  }

  #context(): ContextObject {
    const { arn, name, input, stateMachineArn, stateMachineName } = this.spec;
    return {
      Execution: {
        Id: arn,
        Name: name,
        Input: input,
        StartTime: new Date(this.startDate).toISOString(),
        RoleArn: '',
        RedriveCount: 0,
      },
      StateMachine: { Id: stateMachineArn, Name: stateMachineName },
    };
  }
}

function lastEvent({ status, output, error, cause }: Execution): [string, JsonObject] {
  const failure = { ...(error === undefined ? {} : { error }), ...(cause === undefined ? {} : { cause }) };
  switch (status) {
    case 'SUCCEEDED':
      return [
        'ExecutionSucceeded',
        { executionSucceededEventDetails: { output: payloadText(output ?? null, 'The output') } },
      ];
    case 'TIMED_OUT':
      return ['ExecutionTimedOut', { executionTimedOutEventDetails: failure }];
    case 'ABORTED':
      return ['ExecutionAborted', { executionAbortedEventDetails: failure }];
    default:
      return ['ExecutionFailed', { executionFailedEventDetails: failure }];
  }
}
