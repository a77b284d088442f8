/** Both functions of the HTTP API as Lambda runs them: their environment, API Gateway's events, AWS's own clients. */
import { ListExecutionsCommand, SFNClient } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { HttpAnswer } from '../../../lambdas/shared/http/api-gateway.ts';
import { signToken } from '../../../lambdas/shared/http/token.ts';
import { startSecretsManager } from '../../../local/services/secrets-manager/server.ts';
import { startStepFunctions } from '../../../local/services/step-functions/server.ts';
import { useCampaignWorld } from '../../support/campaign-world.ts';
import { checkAnswer, makeHttpEvent } from '../../support/http-api.ts';
import type { AskOptions } from '../../support/http-api.ts';
import { makeLambdaContext } from '../../support/lambda-context.ts';

// Before the handlers' logger is made, which reads it.
vi.hoisted(() => (process.env['POWERTOOLS_LOG_LEVEL'] = 'SILENT'));

const REGION = 'ap-northeast-2';
const ACCOUNT = '000000000000';
const SECRET = 'a secret of the tests, which has 32 bytes and more';
const SECRET_ARN = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:grantline/dev/JWT_SECRET_KEY-a1b2c3`;
const machineArn = (name: string) => `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:${name}`;
/** Each execution goes on for longer than the tests. */
const definition = { StartAt: 'Pay', States: { Pay: { Type: 'Wait', Seconds: 3_600, End: true } } };

const world = useCampaignWorld();
const closers: (() => Promise<void>)[] = [];

type Handler = (event: unknown, context: ReturnType<typeof makeLambdaContext>) => Promise<HttpAnswer>;
let campaigns: Handler;
let system: Handler;
let client: SFNClient;
let token: string;

beforeAll(async () => {
  const secrets = await startSecretsManager({
    secrets: [
      {
        stack: 'AdminApi',
        logicalId: 'Secret',
        name: 'grantline/dev/JWT_SECRET_KEY',
        arn: SECRET_ARN,
        value: SECRET,
        generate: undefined,
      },
    ],
    valueOf: () => undefined,
  });
  const stepFunctions = await startStepFunctions({
    region: REGION,
    accountId: ACCOUNT,
    machines: ['CampaignRun', 'Redrive'].map((name) => ({ name, arn: machineArn(name), definition })),
    invokeFunction: () => Promise.reject(new Error('the machines of this test wait')),
  });
  closers.push(
    () => stepFunctions.close(),
    () => secrets.close(),
  );
  const variables = {
    ...world.database.environment,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.url,
    AWS_ENDPOINT_URL_SFN: stepFunctions.url,
    CAMPAIGN_RUN_ARN: machineArn('CampaignRun'),
    REDRIVE_ARN: machineArn('Redrive'),
    JWT_SECRET_ARN: SECRET_ARN,
  };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  campaigns = (await import('../../../lambdas/campaign-grant/admin-api-campaigns.lambda.ts')).handler;
  system = (await import('../../../lambdas/operations/admin-api-system.lambda.ts')).handler;
  client = new SFNClient({ endpoint: stepFunctions.url, region: REGION });
  token = await signToken(new TextEncoder().encode(SECRET), {
    memberType: 'ROLE_ADMIN',
    subject: 'kim',
    lifetimeSeconds: 60,
    nowMs: Date.now(),
  });
});

afterAll(async () => {
  client.destroy();
  for (const close of closers) await close();
  vi.unstubAllEnvs();
});

async function ask(handler: Handler, method: string, target: string, options: AskOptions = { token }) {
  const event = makeHttpEvent(method, target, options);
  return checkAnswer(await handler(event, makeLambdaContext('admin-api')), { method, target });
}

async function executionsOf(machine: string): Promise<(string | undefined)[]> {
  const { executions = [] } = await client.send(
    new ListExecutionsCommand({ stateMachineArn: machineArn(machine) }),
  );
  return executions.map(({ name }) => name);
}

describe('the function of the campaigns', () => {
  it('starts one execution, however often it is asked', async () => {
    const { promotionId } = await world.insert();

    const answers = await Promise.all([
      ask(campaigns, 'POST', `/api/v1/campaigns/${promotionId}/start`),
      ask(campaigns, 'POST', `/api/v1/campaigns/${promotionId}/start`),
    ]);

    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202]);
    expect(await executionsOf('CampaignRun')).toEqual([`promotion-${promotionId}-run-1-by-hand-1`]);
  });

  it('starts one redrive of a selection, however often it is asked', async () => {
    const campaign = await world.publish({ targetCount: 1 });
    await world.recordResults(campaign, ['FAILED']);
    await world.recordDeadLetters(campaign, [{ cause: 'TIMEOUT', transient: true }]);
    const target = `/api/v1/campaigns/${campaign.promotionId}/redrive`;

    const first = await ask(campaigns, 'POST', target, { token, body: { causes: ['TIMEOUT'] } });
    const second = await ask(campaigns, 'POST', target, { token, body: { causes: ['TIMEOUT'] } });

    expect([first.statusCode, second.statusCode]).toEqual([202, 202]);
    expect(await executionsOf('Redrive')).toHaveLength(1);
  });

  it('stops, with who asked in the memo', async () => {
    const { promotionId } = await world.begin();

    const answer = await ask(campaigns, 'POST', `/api/v1/campaigns/${promotionId}/stop`, {
      token,
      body: { reason: 'lunch' },
    });

    expect(answer.body).toMatchObject({ outcome: 'stopped', campaign: { stoppedMemo: 'lunch (kim)' } });
  });

  it('lets nobody in whose token another secret has signed', async () => {
    const forged = await signToken(new TextEncoder().encode('another secret of 32 bytes and more'), {
      memberType: 'ADMIN',
      subject: 'kim',
      lifetimeSeconds: 60,
      nowMs: Date.now(),
    });

    expect((await ask(campaigns, 'GET', '/api/v1/campaigns', { token: forged })).statusCode).toBe(401);
  });
});

describe('the function of what is open', () => {
  it('says that all is well', async () => {
    expect((await ask(system, 'GET', '/actuator/health', {})).body).toMatchObject({ status: 'UP' });
  });

  it('shows gauges to Prometheus', async () => {
    const { promotionId } = await world.begin({ targetCount: 3 });

    expect((await ask(system, 'GET', '/actuator/prometheus', {})).text).toContain(
      `grantline_campaign_granted{promotion_id="${promotionId}",promotion_type="VOUCHER",application="grantline"} 0`,
    );
  });

  it('serves the document', async () => {
    expect((await ask(system, 'GET', '/api/v1/openapi.json', {})).statusCode).toBe(200);
  });

  it('answers for every path that nobody serves', async () => {
    expect((await ask(system, 'GET', '/favicon.ico', {})).statusCode).toBe(404);
    expect((await ask(system, 'DELETE', '/api/v1/campaigns', {})).headers['allow']).toBe('GET');
  });
});
