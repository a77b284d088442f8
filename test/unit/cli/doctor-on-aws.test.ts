/** What doctor says before it comes to the database: on AWS, by CloudFormation's answers. */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { examine } from '../../../cli/doctor/examine.ts';
import { awsDeployment } from '../../../cli/where/aws-deployment.ts';

function answering(error: Error) {
  const client = new CloudFormationClient({ region: 'ap-northeast-2' });
  mockClient(client).on(DescribeStacksCommand).rejects(error);
  return awsDeployment('dev', client);
}

const named = (name: string, message: string) => Object.assign(new Error(message), { name });

describe('doctor on AWS', () => {
  it.each([
    named('CredentialsProviderError', 'Could not load credentials from any providers'),
    named('ExpiredTokenException', 'The security token included in the request is expired'),
    named('Error', 'Region is missing'),
    named(
      'AccessDenied',
      'User: arn:aws:iam::1:user/kim is not authorized to perform: cloudformation:DescribeStacks',
    ),
  ])('says who is refused: %s', async (error) => {
    const findings = await examine(answering(error));

    expect(findings).toEqual([
      {
        part: 'credentials',
        status: 'fail',
        says: error.message,
        todo: 'log in (aws sso login), and set AWS_PROFILE and AWS_REGION',
      },
    ]);
  });

  it('says which stacks are not there', async () => {
    const findings = await examine(answering(new Error('Stack with id Grantline-dev-Data does not exist')));

    expect(findings).toMatchObject([
      { part: 'credentials', status: 'ok' },
      {
        part: 'stacks',
        status: 'fail',
        says: expect.stringContaining('without Data.DatabaseResourceArn') as string,
      },
    ]);
  });

  it('says that CloudFormation cannot be reached', async () => {
    const error = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });

    expect(await examine(answering(error))).toMatchObject([
      { part: 'stacks', status: 'fail', says: 'nothing answers: getaddrinfo ENOTFOUND' },
    ]);
  });
});
