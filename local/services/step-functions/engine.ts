/** The machines of the runtime, their executions and map runs. */
import { randomUUID } from 'node:crypto';
import type { Definition } from './definition.ts';
import { readDefinition } from './definition.ts';
import { ServiceError } from './errors.ts';
import { Execution } from './execution.ts';
import { MAX_PAYLOAD_BYTES, parseJson, toJson } from './json.ts';
import type { Json } from './json.ts';
import { MapRun } from './map-run.ts';
import type { Host, MapRunHost, MapRunSettings } from './scope.ts';
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
  readonly invokeFunction: (functionArnOrName: string, payload: unknown) => Promise<unknown>;
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
      },
      (changed) => this.#report(changed, machine),
    );
    machine.executions.push(execution);
    this.#launch(execution, machine);
    return execution;
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
    const host: Host = {
      region: this.#options.region,
      invokeFunction: (name, payload) => this.#options.invokeFunction(name, payload),
      openMapRun: (settings) => this.#openMapRun(settings, execution, machine),
    };
    execution.run(host);
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
    return {
      run,
      runChild: async (input, itemCount, signal) => {
        const child = this.#child(run, machine, settings, input, itemCount);
        run.childStarted(child.spec.arn, itemCount);
        const stop = () => child.stop();
        signal.addEventListener('abort', stop, { once: true });
        this.#launch(child, machine);
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
