/** Step Functions: executions of CampaignRun, which outlive every environment, and what is told of how they end. */
import type { ExecutionState } from '../../../lambdas/shared/executions.ts';
import type { CampaignRun, CampaignRunInput, Partition } from '../../../schema/campaign-run.ts';
import { CAMPAIGN_REFUSED } from '../../../schema/campaign-run.ts';
import { portsOf } from '../services/ports.ts';
import type { ExecutionService, World } from '../world-parts.ts';
import type { Environment } from './environment.ts';
import { invokeFresh } from './invocation.ts';

type Status = 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'ABORTED';

interface Execution {
  readonly executionId: string;
  readonly input: CampaignRunInput;
  status: Status;
  cause: string;
}

/** As the state machine retries a task: at once a little, then every five minutes. */
const RETRY = { first: 2, longest: 300 };
const BEGIN_RETRIES = 5;
const OUTLAST_OUTAGES = 1000;
const BEGIN_TIMEOUT_SECONDS = 300;

interface Task {
  readonly name: string;
  readonly retries: number;
  readonly timeout: number;
  /** It may fail for good: its error is caught, and ends the campaign. */
  readonly mayFail?: true;
}

/** A task that failed for good. */
class TaskFailed extends Error {
  override readonly name: string;
  constructor(error: Error) {
    super(error.message);
    this.name = error.name;
  }
}

export class Executions implements ExecutionService {
  readonly #world: World;
  readonly #byId = new Map<string, Execution>();
  /** Counts what the service's loss has made void. */
  #generation = 0;

  constructor(world: World) {
    this.#world = world;
  }

  get running(): number {
    let count = 0;
    for (const { status } of this.#byId.values()) if (status === 'RUNNING') count += 1;
    return count;
  }

  isRunning(promotionId: string): boolean {
    for (const { status, input } of this.#byId.values()) {
      if (status === 'RUNNING' && input.promotionId === promotionId) return true;
    }
    return false;
  }

  start(input: CampaignRunInput, name: string): 'started' | 'already-running' | 'already-ended' {
    const known = this.#byId.get(name);
    if (known !== undefined) return known.status === 'RUNNING' ? 'already-running' : 'already-ended';
    const execution: Execution = { executionId: name, input, status: 'RUNNING', cause: '' };
    this.#byId.set(name, execution);
    this.#world.trace.note(`execution ${name}`, `starts with ${JSON.stringify(input)}`);
    void this.#run(execution);
    return 'started';
  }

  describe(executionId: string): ExecutionState {
    const execution = this.#byId.get(executionId);
    if (execution === undefined) return { status: 'GONE' };
    const { status, cause } = execution;
    if (status === 'RUNNING' || status === 'SUCCEEDED') return { status };
    return { status, cause };
  }

  /** StopExecution of whatever runs the promotion. What its tasks do they do to the end. */
  stop(promotionId: string): void {
    for (const execution of this.#byId.values()) {
      if (execution.status === 'RUNNING' && execution.input.promotionId === promotionId) {
        this.#end(execution, 'ABORTED', 'a person stopped it');
      }
    }
  }

  /** The service is lost with all its executions, and with what it still had to tell of them. */
  forget(): void {
    this.#generation += 1;
    for (const execution of this.#byId.values()) execution.status = 'ABORTED';
    this.#byId.clear();
  }

  #end(execution: Execution, status: Status, cause: string): void {
    if (execution.status !== 'RUNNING') return;
    const { timeline, random, faults, trace } = this.#world;
    execution.status = status;
    execution.cause = cause;
    trace.note(`execution ${execution.executionId}`, `${status} ${cause}`);
    if (status !== 'FAILED' && status !== 'ABORTED') return;
    if (faults.strikes('platform-lost-event')) return;
    const { executionId } = execution;
    const generation = this.#generation;
    const tell = () => void this.#closeRun({ executionId, status, cause }, generation, 3);
    timeline.after(random.logBetween(0.05, 5), tell);
    // EventBridge delivers at least once.
    if (faults.strikes('platform-event-twice')) timeline.after(random.logBetween(0.1, 120), tell);
  }

  /** An asynchronous invocation: Lambda tries it three times. */
  async #closeRun(
    dead: { executionId: string; status: 'FAILED' | 'ABORTED'; cause: string },
    generation: number,
    tries: number,
  ): Promise<void> {
    if (generation !== this.#generation) return;
    const world = this.#world;
    const outcome = await invokeFresh(world, 'CloseRun', 60, (environment) =>
      world.useCases.closeRun(this.#ports(environment), dead),
    );
    if (outcome.ok || tries === 1) return;
    world.timeline.after(60, () => void this.#closeRun(dead, generation, tries - 1));
  }

  async #run(execution: Execution): Promise<void> {
    try {
      await this.#states(execution);
      this.#end(execution, 'SUCCEEDED', '');
    } catch (error) {
      const cause = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      this.#end(execution, 'FAILED', cause);
    }
  }

  /** WaitForTurn → BeginCampaign → PublishAndTrack → FinishCampaign, which may ask for another pass. */
  async #states(execution: Execution): Promise<void> {
    const { useCases, plan } = this.#world;
    const { executionId } = execution;
    const { input } = execution;
    let pass: { run: CampaignRun } | undefined;
    for (;;) {
      if (pass === undefined) await this.#waitForTurn(execution);
      const begun = await this.#task(
        execution,
        { name: 'BeginCampaign', retries: BEGIN_RETRIES, timeout: BEGIN_TIMEOUT_SECONDS },
        (environment) =>
          useCases.beginCampaign(this.#ports(environment), {
            executionId,
            input: pass === undefined ? input : { ...input, pass },
          }),
      );
      if (!begun.begun) {
        pass = undefined;
        continue;
      }
      const { run, partitions } = begun;
      this.#checkPartitions(run, partitions);
      const error = await this.#publishAndTrack(execution, run, partitions);
      const finished = await this.#task(
        execution,
        { name: 'FinishCampaign', retries: OUTLAST_OUTAGES, timeout: plan.taskTimeoutSeconds },
        (environment) => useCases.finishCampaign(this.#ports(environment), { run, error }),
      );
      if (error !== undefined) throw new TaskFailed(new Error(`${error.Error}: ${error.Cause}`));
      if (!finished.again) return;
      pass = { run };
    }
  }

  async #waitForTurn(execution: Execution): Promise<void> {
    const { useCases, plan } = this.#world;
    const { executionId, input } = execution;
    for (;;) {
      const { turn } = await this.#task(
        execution,
        { name: 'WaitForTurn', retries: OUTLAST_OUTAGES, timeout: plan.taskTimeoutSeconds },
        (environment) =>
          useCases.waitForTurn(
            this.#ports(environment),
            { executionId, input },
            environment.budget(plan.taskTimeoutSeconds),
          ),
      );
      if (turn) return;
    }
  }

  /** @returns the error of the branch that failed, with which the other is given up. */
  async #publishAndTrack(
    execution: Execution,
    run: CampaignRun,
    partitions: readonly Partition[],
  ): Promise<{ Error: string; Cause: string } | undefined> {
    try {
      await Promise.all([
        this.#track(execution, run),
        ...partitions.map((partition) => this.#publish(execution, run, partition)),
      ]);
      return undefined;
    } catch (error) {
      if (!(error instanceof TaskFailed)) throw error;
      return { Error: error.name, Cause: error.message };
    }
  }

  async #publish(execution: Execution, run: CampaignRun, partition: Partition): Promise<void> {
    const { useCases, plan } = this.#world;
    const task = {
      name: `Publish ${partition.partitionNumber}`,
      retries: OUTLAST_OUTAGES,
      timeout: plan.publishTimeoutSeconds,
      mayFail: true,
    } as const;
    for (;;) {
      const { published } = await this.#task(execution, task, (environment) =>
        useCases.publishPartition(
          { ...this.#ports(environment), backlogLimit: plan.backlogLimit, tps: plan.tps },
          { run, partition },
          environment.budget(plan.publishTimeoutSeconds),
        ),
      );
      if (published) return;
    }
  }

  async #track(execution: Execution, run: CampaignRun): Promise<void> {
    const { useCases, plan } = this.#world;
    for (;;) {
      const { ended } = await this.#task(
        execution,
        { name: 'TrackProgress', retries: OUTLAST_OUTAGES, timeout: plan.taskTimeoutSeconds, mayFail: true },
        (environment) =>
          useCases.trackProgress(
            { ...this.#ports(environment), intervalSeconds: plan.intervalSeconds, tps: plan.tps },
            { run },
            environment.budget(plan.taskTimeoutSeconds),
          ),
      );
      if (ended) return;
    }
  }

  /** Never settles once the execution has ended: its states are not there any more. */
  #task<T>(execution: Execution, task: Task, work: (environment: Environment) => Promise<T>): Promise<T> {
    const { timeline, faults, trace } = this.#world;
    return new Promise<T>((resolve, reject) => {
      const attempt = async (retry: number): Promise<void> => {
        if (hasEnded(execution)) return;
        const outcome = await invokeFresh(this.#world, task.name, task.timeout, work);
        if (hasEnded(execution)) return;
        if (outcome.ok) {
          resolve(outcome.value);
          return;
        }
        const { error } = outcome;
        trace.note(
          `execution ${execution.executionId}`,
          `${task.name} failed: ${error.name}: ${error.message}`,
        );
        const isFinal =
          error.name === CAMPAIGN_REFUSED ||
          retry >= task.retries ||
          (task.mayFail === true && faults.strikes('platform-task-failed'));
        if (isFinal) reject(new TaskFailed(error));
        else {
          const wait = Math.min(RETRY.first * 2 ** retry, RETRY.longest);
          timeline.after(wait, () => void attempt(retry + 1));
        }
      };
      void attempt(0);
    });
  }

  /** 11. The ranges of a run do not overlap. (That they leave nothing out, the check of a calm seed's end says.) */
  #checkPartitions(run: CampaignRun, partitions: readonly Partition[]): void {
    let before = 0;
    for (const { fromTargetId, toTargetId } of partitions) {
      if (Number(fromTargetId) <= before) {
        this.#world.auditor.fail(11, `run ${run.runNumber} has two ranges with target ${fromTargetId}`);
      }
      before = Number(toTargetId);
    }
  }

  #ports(environment: Environment) {
    return this.#world.decorate(portsOf(this.#world, environment));
  }
}

function hasEnded({ status }: Execution): boolean {
  return status !== 'RUNNING';
}
