import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { awsDeployment } from '../../../cli/where/aws-deployment.ts';

function makeClient() {
  const client = new CloudFormationClient({ region: 'ap-northeast-2' });
  const mock = mockClient(client);
  mock.on(DescribeStacksCommand, { StackName: 'Grantline-dev-Data' }).resolves({
    Stacks: [
      {
        StackName: 'Grantline-dev-Data',
        CreationTime: new Date(0),
        StackStatus: 'UPDATE_COMPLETE',
        Outputs: [{ OutputKey: 'DatabaseName', OutputValue: 'grantline' }],
      },
    ],
  });
  mock
    .on(DescribeStacksCommand, { StackName: 'Grantline-prod-Data' })
    .rejects(new Error('Stack with id Grantline-prod-Data does not exist'));
  return { client, mock };
}

describe('a deployment on AWS', () => {
  it('is known by the outputs of its stacks, each asked for once', async () => {
    const { client, mock } = makeClient();
    const deployment = awsDeployment('dev', client);

    const names = await Promise.all([
      deployment.output('Data', 'DatabaseName'),
      deployment.output('Data', 'DatabaseName'),
    ]);

    expect(names).toEqual(['grantline', 'grantline']);
    expect(mock.commandCalls(DescribeStacksCommand)).toHaveLength(1);
    expect(deployment.clientSettings('rdsData')).toEqual({});
  });

  it('that is older than this version, or not there, is told in one line', async () => {
    const { client } = makeClient();

    await expect(awsDeployment('dev', client).output('Data', 'NewOutput')).rejects.toThrow(
      'the stack Grantline-dev-Data has no output NewOutput: deploy this version of Grantline first',
    );
    await expect(awsDeployment('prod', client).output('Data', 'DatabaseName')).rejects.toThrow(
      'there is no stack Grantline-prod-Data in this account and region',
    );
  });

  it('says of what it may have whether it has it', async () => {
    const { client } = makeClient();

    expect(await awsDeployment('dev', client).findOutput('Data', 'DatabaseName')).toBe('grantline');
    expect(await awsDeployment('dev', client).findOutput('Data', 'NewOutput')).toBeUndefined();
    expect(await awsDeployment('prod', client).findOutput('Data', 'DatabaseName')).toBeUndefined();
  });
});
