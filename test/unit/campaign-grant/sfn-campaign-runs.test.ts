import {
  DescribeExecutionCommand,
  ExecutionAlreadyExists,
  ExecutionDoesNotExist,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { sfnCampaignRuns } from '../../../lambdas/campaign-grant/adapters/sfn-campaign-runs.ts';

const MACHINE_ARN = 'arn:aws:states:ap-northeast-2:000000000000:stateMachine:CampaignRun';
const NAME = 'promotion-3-reserved-20261121110000';

function makeRuns() {
  const client = new SFNClient({ region: 'ap-northeast-2' });
  const sfn = mockClient(client);
  return { sfn, runs: sfnCampaignRuns(MACHINE_ARN, client) };
}

function makeStarted(secondsAgo: number) {
  return { executionArn: `${MACHINE_ARN}:${NAME}`, startDate: new Date(Date.now() - secondsAgo * 1_000) };
}

describe('starting a campaign', () => {
  it('starts an execution of that name with the promotion as its input', async () => {
    const { sfn, runs } = makeRuns();
    sfn.on(StartExecutionCommand).resolves(makeStarted(0));

    const started = await runs.start({ promotionId: '3' }, NAME);

    expect(started).toBe('started');
    expect(sfn.commandCalls(StartExecutionCommand).map((call) => call.args[0].input)).toEqual([
      { stateMachineArn: MACHINE_ARN, name: NAME, input: '{"promotionId":"3"}' },
    ]);
  });

  it('hands on who asked for it, and from which execution it takes over', async () => {
    const { sfn, runs } = makeRuns();
    sfn.on(StartExecutionCommand).resolves(makeStarted(0));

    await runs.start({ promotionId: '3', resume: true }, 'resumed');
    await runs.start({ promotionId: '3', recoverFrom: 'arn:lost' }, 'recovered');

    expect(sfn.commandCalls(StartExecutionCommand).map((call) => call.args[0].input.input)).toEqual([
      '{"promotionId":"3","resume":true}',
      '{"promotionId":"3","recoverFrom":"arn:lost"}',
    ]);
  });

  it('whose name was used by an execution that has ended starts nothing', async () => {
    const { sfn, runs } = makeRuns();
    const error = new ExecutionAlreadyExists({ $metadata: {}, message: 'Execution Already Exists' });
    sfn.on(StartExecutionCommand).rejects(error);

    expect(await runs.start({ promotionId: '3' }, NAME)).toBe('already-ended');
  });

  it('whose name is that of an execution that still runs starts nothing: the answer is that one', async () => {
    const { sfn, runs } = makeRuns();
    sfn.on(StartExecutionCommand).resolves(makeStarted(3_600));

    expect(await runs.start({ promotionId: '3' }, NAME)).toBe('already-running');
  });

  it('is told from that although the clocks differ by ten seconds', async () => {
    const { sfn, runs } = makeRuns();
    sfn.on(StartExecutionCommand).resolves(makeStarted(10));

    expect(await runs.start({ promotionId: '3' }, NAME)).toBe('started');
  });

  it('that Step Functions refuses for another reason fails', async () => {
    const { sfn, runs } = makeRuns();
    sfn.on(StartExecutionCommand).rejects(new Error('AccessDeniedException'));

    await expect(runs.start({ promotionId: '3' }, NAME)).rejects.toThrow('AccessDeniedException');
  });
});

describe('an execution', () => {
  const ARN = `${MACHINE_ARN}:${NAME}`;

  it.each([
    ['RUNNING', { status: 'RUNNING' }],
    ['PENDING_REDRIVE', { status: 'RUNNING' }],
    ['SUCCEEDED', { status: 'SUCCEEDED' }],
  ] as const)('that is %s is told so', async (status, expected) => {
    const { sfn, runs } = makeRuns();
    sfn.on(DescribeExecutionCommand, { executionArn: ARN }).resolves({ status });

    expect(await runs.describe(ARN)).toEqual(expected);
  });

  it.each<[string, { error?: string; cause?: string }, string]>([
    ['with error and cause', { error: 'Operator', cause: 'lunch' }, 'Operator: lunch'],
    ['with a cause', { cause: 'lunch' }, 'lunch'],
    ['with an empty cause', { error: 'Operator', cause: '' }, 'Operator'],
    ['without a word', {}, ''],
  ])('that ended %s says why', async (_name, said, cause) => {
    const { sfn, runs } = makeRuns();
    for (const status of ['ABORTED', 'FAILED', 'TIMED_OUT'] as const) {
      sfn.on(DescribeExecutionCommand).resolves({ status, ...said });
      expect(await runs.describe(ARN)).toEqual({ status, cause });
    }
  });

  it('that does not exist is GONE; that Step Functions is away is no such thing', async () => {
    const { sfn, runs } = makeRuns();
    sfn
      .on(DescribeExecutionCommand)
      .rejectsOnce(new ExecutionDoesNotExist({ $metadata: {}, message: 'Execution Does Not Exist' }))
      .rejects(new Error('away'));

    expect(await runs.describe(ARN)).toEqual({ status: 'GONE' });
    await expect(runs.describe(ARN)).rejects.toThrow('away');
  });
});
