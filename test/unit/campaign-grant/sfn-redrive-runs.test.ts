import { ExecutionAlreadyExists, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { sfnRedriveRuns } from '../../../lambdas/campaign-grant/adapters/sfn-redrive-runs.ts';

const MACHINE_ARN = 'arn:aws:states:ap-northeast-2:000000000000:stateMachine:Redrive';

function makeRedrives() {
  const client = new SFNClient({ region: 'ap-northeast-2' });
  const sfn = mockClient(client);
  sfn.on(StartExecutionCommand).resolves({ startDate: new Date() });
  const inputs = () => sfn.commandCalls(StartExecutionCommand).map((call) => call.args[0].input);
  return { sfn, inputs, redrives: sfnRedriveRuns(MACHINE_ARN, client) };
}

const ended = new ExecutionAlreadyExists({ $metadata: {}, message: 'Execution Already Exists' });

describe('a redrive', () => {
  it('is an execution with the selection as its input', async () => {
    const { redrives, inputs } = makeRedrives();

    const started = await redrives.start({ promotionId: '3', causes: ['TIMEOUT'], targetIds: undefined }, 2);

    expect(started.outcome).toBe('started');
    expect(started.executionName).toMatch(/^promotion-3-redrive-2-[0-9a-f]{16}-1$/);
    expect(inputs()).toEqual([
      {
        stateMachineArn: MACHINE_ARN,
        name: started.executionName,
        input: '{"promotionId":"3","causes":["TIMEOUT"]}',
      },
    ]);
  });

  it('of the same selection has the same name, and of another one another', async () => {
    const { redrives } = makeRedrives();
    const nameOf = async (promotionId: string, causes: string[], runNumber = 1) =>
      (await redrives.start({ promotionId, causes }, runNumber)).executionName;

    const name = await nameOf('3', ['TIMEOUT']);

    expect(await nameOf('3', ['TIMEOUT'])).toBe(name);
    for (const other of [nameOf('3', ['HTTP_503']), nameOf('4', ['TIMEOUT']), nameOf('3', ['TIMEOUT'], 2)]) {
      expect(await other).not.toBe(name);
    }
  });

  it('that runs since a while is that one', async () => {
    const { sfn, redrives } = makeRedrives();
    sfn.on(StartExecutionCommand).resolves({ startDate: new Date(Date.now() - 3_600_000) });

    expect(await redrives.start({ promotionId: '3' }, 1)).toMatchObject({ outcome: 'already-running' });
  });

  it('after one that has ended is another', async () => {
    const { sfn, redrives } = makeRedrives();
    sfn.on(StartExecutionCommand).rejectsOnce(ended).resolves({ startDate: new Date() });

    const { outcome, executionName } = await redrives.start({ promotionId: '3' }, 1);

    expect(outcome).toBe('started');
    expect(executionName).toMatch(/-2$/);
  });

  it('has the longest name that Step Functions takes, or a shorter one', async () => {
    const { redrives } = makeRedrives();
    const promotionId = '9'.repeat(19);

    const { executionName } = await redrives.start({ promotionId }, 2_147_483_647);

    expect(executionName.length).toBeLessThanOrEqual(80);
  });

  it('whose fifty last ended without doing anything fails, and says so', async () => {
    const { sfn, redrives, inputs } = makeRedrives();
    sfn.on(StartExecutionCommand).rejects(ended);

    await expect(redrives.start({ promotionId: '3' }, 1)).rejects.toThrow('50 redrives of this selection');
    expect(inputs()).toHaveLength(50);
  });
});
