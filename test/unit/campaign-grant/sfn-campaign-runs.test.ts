import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
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

    const started = await runs.start('3', NAME);

    expect(started).toBe('started');
    expect(sfn.commandCalls(StartExecutionCommand).map((call) => call.args[0].input)).toEqual([
      { stateMachineArn: MACHINE_ARN, name: NAME, input: '{"promotionId":"3"}' },
    ]);
  });

  it('whose name was used by an execution that has ended starts nothing', async () => {
    const { sfn, runs } = makeRuns();
    const error = new ExecutionAlreadyExists({ $metadata: {}, message: 'Execution Already Exists' });
    sfn.on(StartExecutionCommand).rejects(error);

    expect(await runs.start('3', NAME)).toBe('already-started');
  });

  it('whose name is that of an execution that still runs starts nothing: the answer is that one', async () => {
    const { sfn, runs } = makeRuns();
    sfn.on(StartExecutionCommand).resolves(makeStarted(3_600));

    expect(await runs.start('3', NAME)).toBe('already-started');
  });

  it('is told from that although the clocks differ by ten seconds', async () => {
    const { sfn, runs } = makeRuns();
    sfn.on(StartExecutionCommand).resolves(makeStarted(10));

    expect(await runs.start('3', NAME)).toBe('started');
  });

  it('that Step Functions refuses for another reason fails', async () => {
    const { sfn, runs } = makeRuns();
    sfn.on(StartExecutionCommand).rejects(new Error('AccessDeniedException'));

    await expect(runs.start('3', NAME)).rejects.toThrow('AccessDeniedException');
  });
});
