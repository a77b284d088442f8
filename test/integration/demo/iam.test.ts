/** What `npm run iam` keeps and says. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdersOf, linesOf } from '../../../demo/iam/holders.ts';
import { forgetCalls, recordCalls, recordedCalls } from '../../../demo/iam/recorded-calls.ts';
import { callLogIn, logCall } from '../../../local/iam/call-log.ts';

let directory = '';
let record = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'iam-record-'));
  record = join(directory, '.local', 'calls.jsonl');
});
afterEach(() => rm(directory, { recursive: true }));

const EXECUTIONS = 'arn:aws:states:ap-northeast-2:000000000000:execution:run';
const call = (resource: string) => ({ role: 'worker', action: 'states:DescribeExecution', resource });

/** A run whose roles have asked for these. */
async function ran(...resources: string[]): Promise<void> {
  await writeFile(callLogIn(directory), '');
  for (const resource of resources) logCall(callLogIn(directory), call(resource));
  await recordCalls(directory, record);
}

describe('the record', () => {
  it('has each call of all runs once', async () => {
    await ran('a', 'b');
    await ran('b', 'c');

    expect(await recordedCalls(record)).toEqual([call('a'), call('b'), call('c')]);
  });

  it('does not grow with the executions', async () => {
    await ran(`${EXECUTIONS}:promotion-1`, `${EXECUTIONS}/Publish:0c1d-2`, `${EXECUTIONS}:promotion-2`);
    await ran(`${EXECUTIONS}:promotion-3`);

    expect(await recordedCalls(record)).toEqual([
      call(`${EXECUTIONS}:any`),
      call(`${EXECUTIONS}/Publish:any`),
    ]);
    expect((await readFile(record, 'utf8')).trim().split('\n')).toHaveLength(2);
  });

  it('is forgotten, and begun anew', async () => {
    await ran('a');
    await forgetCalls(record);
    await forgetCalls(record);

    await expect(recordedCalls(record)).rejects.toThrow('nothing has run here yet');
    await ran('b');
    expect(await recordedCalls(record)).toEqual([call('b')]);
  });
});

describe('the report', () => {
  const grant = (roleArn: string, action: string, isUsed: boolean) => ({
    roleArn,
    action,
    resource: 'x',
    isUsed,
  });
  const nobody = { functions: [], stateMachines: [], schedules: [] };
  const holders = holdersOf(
    [grant('b', 'sqs:SendMessage', true), grant('a', 'sqs:SendMessage', false), grant('a', 'sqs:*', false)],
    nobody,
  );

  it('names what nothing has used, and what is to be written out', () => {
    expect(linesOf(holders)).toEqual([
      'passed on: a: 2 granted, 2 never used',
      '  sqs:SendMessage on x',
      '  sqs:* on x: write out the actions',
      'passed on: b: 1 granted, 0 never used',
      '2 roles, 2 grants never used',
    ]);
  });
});
