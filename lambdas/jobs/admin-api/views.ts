/** Runs of jobs as the HTTP API shows them: times with their offset. */
import type { JobRunView } from '../../../schema/admin-api/jobs.ts';
import { withOffset } from '../../../schema/seoul-time.ts';
import { durationSeconds } from '../domain/job-run.ts';
import type { JobRunRecord } from '../ports.ts';

export function jobRunView(run: JobRunRecord, nowMs: number): JobRunView {
  return {
    ...run,
    startedAt: withOffset(run.startedAt),
    endedAt: run.endedAt === null ? null : withOffset(run.endedAt),
    durationSeconds: durationSeconds(run, nowMs),
  };
}
