/** The machines of the runtime, their executions and map runs. */
import { randomUUID } from 'node:crypto';
import type { Definition } from './definition.ts';
import { readDefinition } from './definition.ts';
import { ServiceError } from './errors.ts';
import { Execution } from './execution.ts';
import { MAX_PAYLOAD_BYTES, parseJson, toJson } from './json.ts';
import type { Json } from './json.ts';
import { MapRun } from './map-run.ts';
import type { MapRunHost } from './map-run.ts';
import { redrivability } from './redrive.ts';
import type { Host, MapRunSettings } from './scope.ts';
import { statusChangeOf } from './status-change.ts';
import type { StatusChange } from './status-change.ts';
import { isServedResource } from './task.ts';

export interface MachineOptions {
  readonly name: string;
  readonly arn: string;
  /** STANDARD when missing. */
  readonly type?: 'STANDARD' | 'EXPRESS' | undefined;
  /** Parsed ASL. */
  readonly definition: unknown;
  /** Wins over the definition's TimeoutSeconds. */
  readonly timeoutSeconds?: number | undefined;
}

export interface EngineOptions {
  readonly region: string;
  readonly accountId: string;
  readonly machines: readonly MachineOptions[];
  /** Throws an Error whose name is the error's type and whose message is the cause. */
  readonly invokeFunction: (
    functionArnOrName: string,
    payload: unknown,
    stateMachineArn: string,
  ) => Promise<unknown>;
  /**
   * Told of every start and end of a Standard execution, of a distributed map's children as well: their
   * stateMachineArn ends in `/Label`, so that a rule for the machine's own ARN does not see them.
   */
  readonly onStatusChange?: ((change: StatusChange) => void) | undefined;
}

export interface Machine {
  readonly name: string;
  readonly arn: string;
  readonly type: 'STANDARD' | 'EXPRESS';
  readonly definition: Definition;
  readonly definitionText: string;
  readonly timeoutSeconds: number | undefined;
  readonly creationDate: number;
  /** In order of their start. */
  readonly executions: Execution[];
}

export interface StartRequest {
  readonly stateMachineArn: string;
  readonly name?: string | undefined;
  /** JSON text; `{}` when missing. */
  readonly input?: string | undefined;
}

export class StepFunctionsEngine {
  readonly machines: ReadonlyMap<string, Machine>;
  readonly #options: EngineOptions;
  readonly #executions = new Map<string, Execution>();
  readonly #mapRuns = new Map<string, MapRun>();
  #closed = false;

  /** @throws Error of one line naming machine and state when a definition cannot be run here */
  constructor(options: EngineOptions) {
    this.#options = options;
    this.machines = new Map(options.machines.map((machine) => [machine.arn, readMachine(machine)]));
  }

  /**
   * Idempotent while the execution of that name and input runs.
   * @throws ServiceError StateMachineDoesNotExist, InvalidName, InvalidExecutionInput, ExecutionAlreadyExists
   */
  start({ stateMachineArn, name = randomUUID(), input: inputText = '{}' }: StartRequest): Execution {
    const machine = this.machine(stateMachineArn);
    if (!isValidName(name)) throw new ServiceError('InvalidName', `Invalid Name: '${name}'`);
    const input = parseInput(inputText);
    const arn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const earlier = this.#executions.get(arn);
    if (earlier?.status === 'RUNNING' && earlier.spec.inputText === inputText) return earlier;
    if (earlier !== undefined) {
      throw new ServiceError('ExecutionAlreadyExists', `Execution Already Exists: '${arn}'`);
    }
    const { definition, timeoutSeconds } = machine;
    const execution = new Execution(
      {
        arn,
        name,
        stateMachineArn,
        stateMachineName: machine.name,
        states: definition,
        input,
        inputText,
        timeoutSeconds,
        isExpress: machine.type === 'EXPRESS',
      },
      (changed) => this.#report(changed, machine),
    );
    machine.executions.push(execution);
    this.#launch(execution, machine);
    return execution;
  }

  /**
   * Goes on with an execution that failed, was stopped or timed out; again with the same token, that same redrive.
   * @returns when it was redriven, in milliseconds
   * @throws ServiceError ExecutionDoesNotExist, ExecutionNotRedrivable
   */
  redrive(arn: string, clientToken: string | undefined): number {
    const execution = this.execution(arn);
    const now = Date.now();
    const tokens = execution.redriveTokens;
    const asked = clientToken === undefined ? undefined : tokens.redriveDateOf(clientToken, now);
    if (asked !== undefined) return asked;
    const { spec } = execution;
    const may = redrivability(execution, now);
    if (may.status !== 'REDRIVABLE') {
      const reason = may.status === 'NOT_REDRIVABLE' ? may.reason : 'it is redriven with its Map Run';
      throw new ServiceError('ExecutionNotRedrivable', `Execution '${arn}' cannot be redriven: ${reason}`);
    }
    execution.redrive(this.#host(execution, this.machine(spec.stateMachineArn)));
    const redriveDate = execution.redriveDate ?? now;
    if (clientToken !== undefined) tokens.remember(clientToken, redriveDate, now);
    return redriveDate;
  }

  /** @throws ServiceError StateMachineDoesNotExist */
  machine(arn: string): Machine {
    const machine = this.machines.get(arn);
    if (machine !== undefined) return machine;
    throw new ServiceError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  }

  /** @throws ServiceError ExecutionDoesNotExist */
  execution(arn: string): Execution {
    const execution = this.#executions.get(arn);
    if (execution !== undefined) return execution;
    throw new ServiceError('ExecutionDoesNotExist', `Execution Does Not Exist: '${arn}'`);
  }

  /** @throws ServiceError ResourceNotFound */
  mapRun(arn: string): MapRun {
    const run = this.#mapRuns.get(arn);
    if (run !== undefined) return run;
    throw new ServiceError('ResourceNotFound', `Map Run Does Not Exist: '${arn}'`);
  }

  /** In order of their start. */
  mapRunsOf(executionArn: string): MapRun[] {
    return [...this.#mapRuns.values()].filter((run) => run.executionArn === executionArn);
  }

  /** Aborts what runs, telling nobody; Lambda functions under way are left to themselves. */
  close(): void {
    this.#closed = true;
    for (const execution of this.#executions.values()) execution.stop();
  }

  #launch(execution: Execution, machine: Machine): void {
    this.#executions.set(execution.spec.arn, execution);
    if (this.#closed) {
      execution.stop();
      return;
    }
    execution.run(this.#host(execution, machine));
  }

  #host(execution: Execution, machine: Machine): Host {
    return {
      region: this.#options.region,
      invokeFunction: (name, payload) => this.#options.invokeFunction(name, payload, machine.arn),
      openMapRun: (settings) => this.#openMapRun(settings, execution, machine),
    };
  }

  #openMapRun(settings: MapRunSettings, parent: Execution, machine: Machine): MapRunHost {
    const stateMachineArn = `${machine.arn}/${settings.label}`;
    const run = new MapRun({
      arn: `${stateMachineArn.replace(':stateMachine:', ':mapRun:')}:${randomUUID()}`,
      executionArn: parent.spec.arn,
      stateMachineArn,
      ...settings,
    });
    this.#mapRuns.set(run.arn, run);
    const children = new Map<number, Execution>();
    return {
      run,
      runChild: async (index, { input, itemCount }, signal) => {
        const earlier = children.get(index);
        if (earlier?.status === 'SUCCEEDED') return earlier.output;
        const child = earlier ?? this.#child(run, machine, settings, input, itemCount);
        children.set(index, child);
        if (earlier === undefined) run.childArns.push(child.spec.arn);
        run.childStarted(itemCount);
        const stop = () => child.stop();
        signal.addEventListener('abort', stop, { once: true });
        if (earlier === undefined) this.#launch(child, machine);
        else if (redrivability(earlier, Date.now()).status === 'NOT_REDRIVABLE') {
          run.childEnded('FAILED', itemCount);
        } else earlier.redrive(this.#host(earlier, machine));
        await child.ended;
        signal.removeEventListener('abort', stop);
        return child.output;
      },
    };
  }

  #child(run: MapRun, machine: Machine, settings: MapRunSettings, input: Json, itemCount: number): Execution {
    const name = randomUUID();
    const { stateMachineArn } = run;
    return new Execution(
      {
        arn: `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`,
        name,
        stateMachineArn,
        stateMachineName: `${machine.name}/${settings.label}`,
        states: settings.processor,
        input,
        inputText: JSON.stringify(input),
        timeoutSeconds: undefined,
        isExpress: false,
        mapRun: { arn: run.arn, itemCount },
      },
      (child) => {
        // At once, so that the counts are right the moment that the parent's stop returns.
        if (child.status !== 'RUNNING') run.childEnded(child.status, itemCount);
        this.#report(child, machine);
      },
    );
  }

  #report(execution: Execution, { type }: Machine): void {
    const { onStatusChange } = this.#options;
    if (this.#closed || type === 'EXPRESS') return;
    try {
      onStatusChange?.(statusChangeOf(execution));
    } catch (thrown) {
      // The listener's fault must not become the execution's.
      process.emitWarning(thrown instanceof Error ? thrown : String(thrown));
    }
  }
}

function readMachine({ name, arn, type, definition: raw, timeoutSeconds }: MachineOptions): Machine {
  const json = toJson(raw);
  const definition = readDefinition(name, json, isServedResource);
  return {
    name,
    arn,
    type: type ?? 'STANDARD',
    definition,
    definitionText: JSON.stringify(json),
    timeoutSeconds: timeoutSeconds ?? definition.TimeoutSeconds,
    creationDate: Date.now(),
    executions: [],
  };
}

/** The characters that StartExecution's reference forbids, and control characters. */
function isValidName(name: string): boolean {
  return name.length >= 1 && name.length <= 80 && !/[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}]/u.test(name);
}

function parseInput(text: string): Json {
  if (Buffer.byteLength(text) > MAX_PAYLOAD_BYTES) {
    throw new ServiceError('ValidationException', `input must have at most ${MAX_PAYLOAD_BYTES} bytes`);
  }
  try {
    return parseJson(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ServiceError('InvalidExecutionInput', `Invalid State Machine Execution Input: '${why}'`);
  }
}
