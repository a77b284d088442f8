/** A deployment that the CLI can operate: a migrated database behind the Data API, and AWS's services of the local runtime. */
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { RUNTIME_FILE, writeRuntimeFile } from '../../../cli/where/runtime-file.ts';
import type { RuntimeState } from '../../../cli/where/runtime-file.ts';
import { createLambdaService } from '../../../local/services/lambda/service.ts';
import { startSqs } from '../../../local/services/sqs/server.ts';
import { startStepFunctions } from '../../../local/services/step-functions/server.ts';
import type { StepFunctionsEngine } from '../../../local/services/step-functions/engine.ts';
import { startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import { makeFunction } from '../local/make-function.ts';

export const LAUNCHER = fileURLToPath(new URL('../../../cli/launcher/grantline.js', import.meta.url));
const region = 'ap-northeast-2';
const accountId = '000000000000';
export const machineArn = (name: string) =>
  `arn:aws:states:${region}:${accountId}:stateMachine:grantline-test-${name}`;
/** It runs until the test is over. */
const WAITS = { StartAt: 'Waits', States: { Waits: { Type: 'Wait', Seconds: 3_600, End: true } } };
const ENDS = { StartAt: 'Ends', States: { Ends: { Type: 'Succeed' } } };

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface OperatedDeployment {
  readonly database: CampaignDatabase;
  readonly engine: StepFunctionsEngine;
  readonly folder: string;
  /** What the runtime file says. */
  readonly state: RuntimeState;
  /** Runs a command in its folder, or in another. */
  grantline(args: readonly string[], cwd?: string): Promise<Ended>;
  /** Another folder in which a runtime runs that says something else of itself. */
  elsewhere(overrides: Partial<RuntimeState>): Promise<string>;
  close(): Promise<void>;
}

export async function startOperatedDeployment(): Promise<OperatedDeployment> {
  const folder = await mkdtemp(join(tmpdir(), 'grantline-operated-'));
  const names = ['grants.fifo', 'dead-letters.fifo'];
  const [database, stepFunctions, sqs, lambda, money] = await Promise.all([
    startCampaignDatabase(),
    startStepFunctions({
      region,
      accountId,
      machines: [
        { name: 'grantline-test-campaign-run', arn: machineArn('campaign-run'), definition: WAITS },
        { name: 'grantline-test-redrive', arn: machineArn('redrive'), definition: ENDS },
        { name: 'grantline-test-point-sync', arn: machineArn('point-sync'), definition: WAITS },
        { name: 'grantline-test-coupon-send', arn: machineArn('coupon-send'), definition: ENDS },
      ],
      invokeFunction: () => Promise.reject(new Error('these machines invoke nothing')),
    }),
    startSqs({
      region,
      accountId,
      queues: names.map((name) => ({ name, attributes: { FifoQueue: 'true' } })),
    }),
    createLambdaService({
      region,
      logDirectory: folder,
      endpointsEnv: {},
      overrides: {},
      functions: [
        makeFunction(folder, 'export const handler = async () => ({});', {
          name: 'grantline-test-grant-rewards',
          environment: { MONEY_TPS: '1000', GRANT_CONCURRENCY: '3', PACING_HEADROOM_SECONDS: '0.025' },
          reservedConcurrency: 3,
        }),
      ],
    }),
    startMoney(),
  ]);
  const endpoint = await database.client.config.endpoint?.();
  const nowhere = 'http://127.0.0.1:9';
  const endpoints = {
    sqs: sqs.url,
    rdsData: `http://${endpoint?.hostname ?? ''}:${endpoint?.port ?? ''}`,
    lambda: lambda.url,
    stepFunctions: stepFunctions.url,
    scheduler: nowhere,
    secretsManager: nowhere,
    sns: nowhere,
    cloudwatch: nowhere,
  };
  const state: RuntimeState = {
    pid: process.pid,
    startedAt: '2026-11-21T03:00:00.000Z',
    region,
    endpoints,
    moneyApi: { url: money.url, isStandIn: true },
    outputs: {
      DatabaseResourceArn: 'arn:aws:rds:ap-northeast-2:000000000000:cluster:test',
      DatabaseSecretArn: 'arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:test',
      DatabaseName: 'grantline',
      RedisUrl: 'redis://127.0.0.1:9',
      CampaignRunArn: machineArn('campaign-run'),
      RedriveArn: machineArn('redrive'),
      GrantRewardsFunctionName: 'grantline-test-grant-rewards',
      GrantQueueUrl: `${sqs.url}/${accountId}/grants.fifo`,
      GrantDeadLetterQueueUrl: `${sqs.url}/${accountId}/dead-letters.fifo`,
      PointSyncArn: machineArn('point-sync'),
      CouponUsageStatsFcmSendArn: machineArn('coupon-send'),
    },
  };
  await writeRuntimeFile(join(folder, RUNTIME_FILE), state);
  const others: string[] = [];
  return {
    database,
    engine: stepFunctions.engine,
    folder,
    state,
    grantline: (args, cwd = folder) => runGrantline(args, cwd),
    elsewhere: async (overrides) => {
      const other = await mkdtemp(join(tmpdir(), 'grantline-operated-'));
      others.push(other);
      await writeRuntimeFile(join(other, RUNTIME_FILE), { ...state, ...overrides });
      return other;
    },
    close: async () => {
      await Promise.all([
        database.close(),
        stepFunctions.close(),
        sqs.close(),
        lambda.close(),
        money.close(),
      ]);
      await Promise.all([folder, ...others].map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}

const failure = z.object({ code: z.number() });

function runGrantline(args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd, maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [LAUNCHER, ...args], options, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : failure.parse(error).code, stdout, stderr });
    });
  });
}

/** It answers, and that is all. */
async function startMoney(): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer((_request, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
