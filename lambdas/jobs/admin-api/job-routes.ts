import { jobOperations } from '../../../schema/admin-api/jobs.ts';
import { JOB_NAMES } from '../../../schema/jobs.ts';
import type { JobName } from '../../../schema/jobs.ts';
import { toDateTime, withOffset } from '../../../schema/seoul-time.ts';
import type { Caller } from '../../shared/http/authenticate.ts';
import { HttpProblem } from '../../shared/http/problem.ts';
import { serve } from '../../shared/http/serve.ts';
import type { Route } from '../../shared/http/serve.ts';
import { startJob } from '../app/start-job.ts';
import type { AskedJob, StartJobOutcome } from '../app/start-job.ts';
import { nextRunAt } from '../domain/job-schedule.ts';
import type { Clock, Executions, JobMachines, JobRunReader, JobRunStore } from '../ports.ts';
import { jobRunView } from './views.ts';

export interface JobRouteServices {
  readonly store: Pick<JobRunStore, 'latestRun'>;
  readonly reader: Pick<JobRunReader, 'runs'>;
  readonly executions: Executions;
  readonly machines: JobMachines;
  readonly clock: Clock;
  readonly log: JobOperatorLog;
}

export interface JobOperatorLog {
  /** Somebody asked for something to be done, and this came of it. */
  asked(what: {
    readonly action: 'run-job';
    readonly jobName: JobName;
    readonly runDate: string | null;
    readonly targetHour: number | null;
    readonly prune: boolean;
    readonly subject: string;
    readonly outcome: string;
  }): void;
}

/** The operators' HTTP API to jobs: the same use cases as the CLI's. */
export function jobRoutes(services: JobRouteServices): Route[] {
  const { reader, machines, clock, log } = services;

  /** Of every job that is started by hand: what differs is what may be asked for. */
  const start = async (asked: AskedJob, caller: Caller | null) => {
    const outcome = await startJob(services, asked);
    const { jobName, prune } = asked;
    const of = 'of' in outcome ? outcome.of : undefined;
    log.asked({
      action: 'run-job',
      jobName,
      runDate: of?.runDate ?? asked.runDate ?? null,
      targetHour: of?.targetHour ?? asked.targetHour ?? null,
      prune,
      subject: subjectOf(caller),
      outcome: outcome.kind,
    });
    const { kind, of: started, executionName, executionArn } = startedOr(jobName, outcome);
    return {
      status: 202,
      headers: { Location: `/api/v1/jobs/${jobName}/runs` },
      body: { outcome: kind, ...started, executionName, executionId: executionArn },
    } as const;
  };

  return [
    serve(jobOperations.list, async () => {
      const nowMs = clock.now();
      const jobs = await Promise.all(
        JOB_NAMES.filter((jobName) => machines.has(jobName)).map(async (jobName) => {
          const [last] = await reader.runs(jobName, 1);
          return {
            jobName,
            nextRunAt: withOffset(toDateTime(nextRunAt(jobName, nowMs))),
            lastRun: last === undefined ? null : jobRunView(last, nowMs),
          };
        }),
      );
      return { status: 200, body: { jobs } };
    }),

    serve(jobOperations.runs, async ({ parameters: { jobName }, query: { limit } }) => {
      const runs = await reader.runs(jobName, limit);
      return { status: 200, body: { runs: runs.map((run) => jobRunView(run, clock.now())) } };
    }),

    serve(jobOperations.startPointSync, ({ query: { runDate, prune }, caller }) =>
      start({ jobName: 'point-sync', runDate, prune: prune === 'true' }, caller),
    ),

    serve(jobOperations.startCouponUsageStats, ({ query: { runDate }, caller }) =>
      start({ jobName: 'coupon-usage-stats', runDate, prune: false }, caller),
    ),

    serve(jobOperations.startCouponUsageStatsFcmSend, ({ query: { runDate, targetHour }, caller }) =>
      start({ jobName: 'coupon-usage-stats-fcm-send', runDate, targetHour, prune: false }, caller),
    ),
  ];
}

function startedOr(
  jobName: JobName,
  outcome: StartJobOutcome,
): Extract<StartJobOutcome, { readonly kind: 'started' | 'already' }> {
  switch (outcome.kind) {
    case 'started':
    case 'already':
      return outcome;
    case 'invalid':
      throw new HttpProblem('malformed-request', outcome.why, {
        errors: [{ parameter: 'runDate', detail: outcome.why }],
      });
    case 'not-deployed':
      throw new HttpProblem('job-not-deployed', `${jobName} is not deployed here`);
    case 'running':
      throw new HttpProblem(
        'job-conflict',
        `${jobName} runs for ${outcome.of.runDate} already, started otherwise: execution ${outcome.executionArn}`,
      );
    case 'worn-out':
      throw new HttpProblem(
        'job-conflict',
        `${outcome.attempts} executions were started by hand for ${outcome.of.runDate}: start one in the console of Step Functions`,
      );
  }
}

/** Operations on jobs are never open, so there is somebody who asks. */
function subjectOf(caller: Caller | null): string {
  if (caller === null) throw new Error('an operation on jobs was served without a token');
  return caller.subject;
}
