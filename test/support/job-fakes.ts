/** The ports of the jobs in memory; test/contract holds them to what the real ones do. */
import { addFigures } from '../../lambdas/shared/jobs/add-figures.ts';
import type { Checkpoints, RangeKey, RangeProgress, StepKey } from '../../lambdas/shared/jobs/checkpoints.ts';
import { endedAlert, startedAlert } from '../../lambdas/jobs/domain/job-alerts.ts';
import type { JobAlert, UntoldAlert } from '../../lambdas/jobs/domain/job-alerts.ts';
import type { JobFor } from '../../lambdas/jobs/domain/job-run.ts';
import type {
  EndedRun,
  Executions,
  JobAlertStore,
  JobRunRecord,
  JobRunStore,
} from '../../lambdas/jobs/ports.ts';
import type { ExecutionState } from '../../lambdas/shared/executions.ts';
import type { Figures, JobRange, JobRunStatus } from '../../schema/jobs.ts';

interface KeptRange {
  readonly range: JobRange;
  progress: RangeProgress;
}

export class MemoryCheckpoints implements Checkpoints {
  readonly #steps = new Map<string, KeptRange[]>();

  async plan(step: StepKey, ranges: () => Promise<readonly JobRange[]>): Promise<JobRange[]> {
    const name = stepName(step);
    if (!this.#steps.has(name)) {
      const planned = await ranges();
      // Another may have planned meanwhile: the first stays.
      if (!this.#steps.has(name)) this.#steps.set(name, planned.map(beginOf));
    }
    return this.rangesOf(step)
      .filter(({ progress }) => !progress.finished)
      .map(({ range }) => range);
  }

  async read(key: RangeKey): Promise<RangeProgress> {
    return Promise.resolve(this.#find(key).progress);
  }

  save(key: RangeKey, from: RangeProgress, to: RangeProgress): Promise<boolean> {
    const kept = this.#find(key);
    const { position, chunkCount, finished } = kept.progress;
    if (finished || position !== from.position || chunkCount !== from.chunkCount)
      return Promise.resolve(false);
    kept.progress = to;
    return Promise.resolve(true);
  }

  rangesOf(step: StepKey): readonly KeptRange[] {
    return this.#steps.get(stepName(step)) ?? [];
  }

  /** Of every step of the run. */
  progressOf(jobRunId: string): RangeProgress[] {
    return [...this.#steps]
      .filter(([name]) => name.startsWith(`${jobRunId}/`))
      .flatMap(([, ranges]) => ranges.map(({ progress }) => progress));
  }

  #find({ rangeNumber, ...step }: RangeKey): KeptRange {
    const kept = this.rangesOf(step).find(({ range }) => range.rangeNumber === rangeNumber);
    if (kept === undefined) throw new Error(`range ${rangeNumber} of ${step.step} was not planned`);
    return kept;
  }
}

function stepName({ jobRunId, step }: StepKey): string {
  return `${jobRunId}/${step}`;
}

function beginOf(range: JobRange): KeptRange {
  return { range, progress: { position: range.afterId, chunkCount: 0, figures: {}, finished: false } };
}

interface KeptRun extends JobFor {
  readonly jobRunId: string;
  status: JobRunStatus;
  executionId: string;
  attempt: number;
  skippedChunkCount: number;
  figures: Figures | null;
  problemCount: number;
  error: string | null;
}

export class MemoryJobRuns implements JobRunStore, JobAlertStore {
  readonly runs: KeptRun[] = [];
  readonly alerts: (UntoldAlert & { isTold: boolean })[] = [];
  readonly #checkpoints: MemoryCheckpoints;

  constructor(checkpoints = new MemoryCheckpoints()) {
    this.#checkpoints = checkpoints;
  }

  latestRun(of: JobFor) {
    const run = this.#latest(of);
    if (run === undefined) return Promise.resolve(undefined);
    const { jobRunId, status, executionId, attempt } = run;
    return Promise.resolve({ jobRunId, status, executionId, attempt });
  }

  beginRun({ of, seen, executionId, goOn, prune, nowMs }: Parameters<JobRunStore['beginRun']>[0]) {
    const latest = this.#latest(of);
    const isMine = latest?.executionId === executionId && latest.status === 'RUNNING';
    const isSeen = latest?.jobRunId === seen?.jobRunId && latest?.executionId === seen?.executionId;
    if (latest !== undefined && isMine) {
      return Promise.resolve({ ...of, jobRunId: latest.jobRunId, attempt: latest.attempt, prune });
    }
    if (!isSeen || (goOn && latest?.status.startsWith('COMPLETED') === true))
      return Promise.resolve(undefined);
    const run = goOn && latest !== undefined ? latest : this.#insert(of);
    if (run === latest) {
      run.attempt += 1;
      const skipped = this.#checkpoints.progressOf(run.jobRunId).map(({ chunkCount }) => chunkCount);
      run.skippedChunkCount = skipped.reduce((sum, count) => sum + count, 0);
    }
    Object.assign(run, { status: 'RUNNING', executionId, error: null });
    const { jobRunId, attempt } = run;
    this.#raise(run, startedAlert(jobRunId, attempt), nowMs);
    return Promise.resolve({ ...of, jobRunId, attempt, prune });
  }

  sumFigures(jobRunId: string): Promise<Figures> {
    const all = this.#checkpoints.progressOf(jobRunId).map(({ figures }) => figures);
    return Promise.resolve(all.reduce(addFigures, {}));
  }

  endRun({ jobRunId, executionId, outcome, nowMs }: EndedRun): Promise<boolean> {
    const run = this.runs.find((candidate) => candidate.jobRunId === jobRunId);
    if (run?.executionId !== executionId) return Promise.resolve(false);
    const mayEnd = run.status === 'RUNNING' || (run.status === 'FAILED' && outcome.status !== 'FAILED');
    if (!mayEnd) return Promise.resolve(false);
    Object.assign(
      run,
      outcome.status === 'FAILED'
        ? { ...outcome, figures: null, problemCount: 0 }
        : { ...outcome, error: null },
    );
    this.#raise(run, endedAlert(jobRunId, run.attempt, outcome.status), nowMs);
    return Promise.resolve(true);
  }

  run(jobRunId: string): Promise<JobRunRecord | undefined> {
    const run = this.runs.find((candidate) => candidate.jobRunId === jobRunId);
    // The end-to-end tests look at times.
    const times = { startedAt: '2026-11-21 01:00:00.000', endedAt: null };
    return Promise.resolve(run && { ...run, ...times });
  }

  runningRuns() {
    return Promise.resolve(this.runs.filter(({ status }) => status === 'RUNNING'));
  }

  untoldAlerts(limit: number): Promise<UntoldAlert[]> {
    return Promise.resolve(this.alerts.filter(({ isTold }) => !isTold).slice(0, limit));
  }

  markTold(key: string): Promise<void> {
    for (const alert of this.alerts) if (alert.key === key) alert.isTold = true;
    return Promise.resolve();
  }

  #latest({ jobName, runDate, targetHour }: JobFor): KeptRun | undefined {
    return this.runs.findLast(
      (run) => run.jobName === jobName && run.runDate === runDate && run.targetHour === targetHour,
    );
  }

  #insert(of: JobFor): KeptRun {
    const run: KeptRun = {
      ...of,
      jobRunId: String(this.runs.length + 1),
      status: 'RUNNING',
      executionId: '',
      attempt: 1,
      skippedChunkCount: 0,
      figures: null,
      problemCount: 0,
      error: null,
    };
    this.runs.push(run);
    return run;
  }

  #raise(run: KeptRun, { key, kind }: JobAlert, raisedAtMs: number): void {
    if (this.alerts.some((alert) => alert.key === key)) return;
    const { executionId: executionArn, status, ...rest } = run;
    const ended = status === 'RUNNING' ? null : '2026-11-21 01:02:03.000';
    const job = { ...rest, executionArn, startedAt: '2026-11-21 01:00:00.000', endedAt: ended };
    this.alerts.push({ key, kind, raisedAtMs, job, isTold: false });
  }
}

/** RUNNING until they are said to have ended. */
export class FakeExecutions implements Executions {
  readonly states = new Map<string, ExecutionState>();
  readonly described: string[] = [];
  /** Step Functions does not answer for these. */
  readonly away = new Set<string>();

  describe(executionId: string): Promise<ExecutionState> {
    this.described.push(executionId);
    if (this.away.has(executionId)) return Promise.reject(new Error('Step Functions does not answer'));
    return Promise.resolve(this.states.get(executionId) ?? { status: 'RUNNING' });
  }

  end(executionId: string, status: 'FAILED' | 'ABORTED' | 'TIMED_OUT', cause: string): void {
    this.states.set(executionId, { status, cause });
  }
}
