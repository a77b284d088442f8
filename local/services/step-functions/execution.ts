/** One execution of a machine, or of a distributed map's item processor, from its start to its end. */
import type { StateGroup } from './definition.ts';
import { Halt, StateError, asStateError } from './errors.ts';
import type { ContextObject } from './expressions.ts';
import { History } from './history.ts';
import type { Trail } from './history.ts';
import { runStates } from './interpreter.ts';
import { payloadText } from './json.ts';
import type { Json, JsonObject } from './json.ts';
import type { ChildStatus } from './map-run.ts';
import { Place } from './place.ts';
import { RedriveTokens } from './redrive-tokens.ts';
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
  readonly isExpress: boolean;
  /** Of a distributed map's child. */
  readonly mapRun?: { readonly arn: string; readonly itemCount: number };
}

export class Execution {
  readonly spec: ExecutionSpec;
  readonly history = new History();
  readonly startDate = Date.now();
  status: 'RUNNING' | ChildStatus = 'RUNNING';
  stopDate: number | undefined;
  output: Json | undefined;
  error: string | undefined;
  cause: string | undefined;
  redriveCount = 0;
  redriveDate: number | undefined;
  readonly redriveTokens = new RedriveTokens();
  readonly #onChange: (execution: Execution) => void;
  readonly #place = new Place();
  #controller = new AbortController();
  #ending = Promise.withResolvers<undefined>();
  /** Settles when nothing of the latest run, or redrive, is at work any more. */
  #work: Promise<void> = Promise.resolve();
  #cancelTimeout: () => void = () => undefined;

  constructor(spec: ExecutionSpec, onChange: (execution: Execution) => void) {
    this.spec = spec;
    this.#onChange = onChange;
  }

  /** Resolves at the end of the run, or of the latest redrive, however it ends. */
  get ended(): Promise<void> {
    return this.#ending.promise;
  }

  /** Goes on by itself after this returns; never throws. */
  run(host: Host): void {
    this.#onChange(this);
    const trail = this.history.trail();
    trail.add('ExecutionStarted', { executionStartedEventDetails: { input: this.spec.inputText } });
    this.#workOn(host, trail);
  }

  /** Goes on from where it ended, which is to be redrivable; never throws. */
  redrive(host: Host): void {
    this.status = 'RUNNING';
    this.stopDate = undefined;
    this.error = undefined;
    this.cause = undefined;
    this.redriveCount += 1;
    this.redriveDate = Date.now();
    this.#controller = new AbortController();
    this.#ending = Promise.withResolvers<undefined>();
    const { redriveCount } = this;
    const trail = this.history.resume('ExecutionRedriven', {
      executionRedrivenEventDetails: { redriveCount },
    });
    this.#onChange(this);
    this.#workOn(host, trail);
  }

  #workOn(host: Host, trail: Trail): void {
    const { timeoutSeconds, states, input } = this.spec;
    if (timeoutSeconds !== undefined) {
      this.#cancelTimeout = after(timeoutSeconds * 1000, () =>
        this.#end('TIMED_OUT', { error: 'States.Timeout' }),
      );
    }
    const { signal } = this.#controller;
    const scope = { context: this.#context(), trail, place: this.#place, signal, host, runStates };
    this.#work = this.#work
      .then(() => runStates(states, input, scope))
      .then(
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
    this.#ending.resolve(undefined);
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
        RedriveCount: this.redriveCount,
        ...(this.redriveDate === undefined ? {} : { RedriveTime: new Date(this.redriveDate).toISOString() }),
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
