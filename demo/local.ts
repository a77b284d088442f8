/** `npm run local`: the whole of Grantline on this machine until Ctrl-C. */
import { rm } from 'node:fs/promises';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError } from 'commander';
import { RUNTIME_FILE, removeRuntimeFile, writeRuntimeFile } from '../cli/where/runtime-file.ts';
import type { RuntimeState } from '../cli/where/runtime-file.ts';
import { SERVICES } from '../local/runtime.ts';
import type { Runtime } from '../local/runtime.ts';
import { NOBODY_READS, whenNobodyReads } from './command-line.ts';
import type { CouponService, CouponServices } from './outside.ts';
import { startWorld } from './world.ts';
import type { World } from './world.ts';

const DATA_DIRECTORY = fileURLToPath(new URL('../.local/data', import.meta.url));
/** How `npx grantline --local` finds this runtime. */
const STATE_FILE = fileURLToPath(new URL(`../${RUNTIME_FILE}`, import.meta.url));
const FIRST_PORT = 4600;
const CEILING = 1_000;

const program = new Command('npm run local --')
  .description(
    'Runs Grantline on this machine on the topology that cdk deploy would create, until Ctrl-C.\n' +
      'Its database, Redis and ledger live in .local/data between runs.',
  )
  .option('--reset', 'begin with empty data', false)
  .option('--port <number>', 'the first of the ports to listen on, about a dozen', port, FIRST_PORT)
  .addHelpText(
    'after',
    '\nExternal servers are used when the environment names them: DATABASE_URL, REDIS_URL, MONEY_API_URL with\n' +
      'MONEY_API_KEY, STORE_SERVICE_URL and NOTIFICATION_SERVICE_URL with SYSTEM_TOKEN, SLACK_WEBHOOK_URL.\n' +
      'JWT_SECRET_KEY, when set, is the secret of that name.\n\n' +
      'Example:\n  npm run local -- --reset',
  )
  .action(async (options: { reset: boolean; port: number }) => {
    const ended = untilInterrupted();
    const world = await start(options);
    try {
      await writeRuntimeFile(STATE_FILE, stateOf(world));
      printWelcome(world);
      process.exitCode = await ended;
      process.stdout.write('\nstopping\n');
    } finally {
      await removeRuntimeFile(STATE_FILE, process.pid);
      await world.close();
    }
  });

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`local: ${explain(error)}\n`);
  process.exitCode = 1;
}

function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const [, port] = /EADDRINUSE.*:(\d+)$/.exec(message) ?? [];
  if (port === undefined) return message;
  return `port ${port} is in use: end what listens there, or choose other ports with --port`;
}

async function start(options: { reset: boolean; port: number }): Promise<World> {
  if (options.reset) await rm(DATA_DIRECTORY, { recursive: true, force: true });
  const ports = portsFrom(options.port);
  return startWorld({
    dataDirectory: DATA_DIRECTORY,
    environment: process.env,
    context: {},
    standIn: {
      port: ports.outside.money,
      ceiling: CEILING,
      latencyMs: 30,
      ledgerFile: `${DATA_DIRECTORY}/money-api-ledger.ndjson`,
    },
    coupons: {},
    ports: ports.outside,
    servicePorts: ports.services,
    httpApiPort: ports.httpApi,
    report: (line) => process.stdout.write(`${line}\n`),
  });
}

function portsFrom(first: number) {
  const services = {
    sqs: first,
    rdsData: first + 1,
    lambda: first + 2,
    stepFunctions: first + 3,
    scheduler: first + 4,
    secretsManager: first + 5,
    cloudwatch: first + 9,
  };
  const outside = {
    money: first + 6,
    database: first + 7,
    redis: first + 8,
    slack: first + 10,
    storeService: first + 11,
    notificationService: first + 12,
  };
  // The last, since every HTTP API takes one.
  return { services, outside, httpApi: first + 13 };
}

function printWelcome({ runtime, outside, output, logDirectory }: World): void {
  const { endpoints } = runtime;
  const { messagesUrl } = outside.slack;
  const slack = messagesUrl === undefined ? 'the one of SLACK_WEBHOOK_URL' : `${messagesUrl}  (a stand-in)`;
  const adminApi = optionalOutput(runtime, 'AdminApiUrl');
  const lines = [
    '',
    'Grantline runs here. Ctrl-C stops everything.',
    '',
    ...SERVICES.map((service) => `  ${service.padEnd(15)} ${endpoints[service]}`),
    `  ${'database'.padEnd(15)} ${outside.databaseUrl}`,
    `  ${'redis'.padEnd(15)} ${outside.redisUrl}`,
    `  ${'money API'.padEnd(15)} ${outside.money.url}${outside.money.isStandIn ? '  (a stand-in; /ledger, /stats)' : ''}`,
    `  ${'slack'.padEnd(15)} ${slack}`,
    ...couponLines(outside.coupons),
    ...(adminApi === undefined ? [] : [`  ${'admin API'.padEnd(15)} ${adminApi}`]),
    `  ${'logs'.padEnd(15)} ${relative(process.cwd(), logDirectory)}`,
    '',
    'For the AWS CLI:',
    '',
    ...exportsFor(runtime, output),
    '',
    'Start a promotion that is READY, and watch it:',
    '',
    '  aws stepfunctions start-execution --endpoint-url $STEP_FUNCTIONS --state-machine-arn $CAMPAIGN_RUN --input \'{"promotionId":"1"}\'',
    '  aws stepfunctions list-executions --endpoint-url $STEP_FUNCTIONS --state-machine-arn $CAMPAIGN_RUN',
    '  aws sqs get-queue-attributes --endpoint-url $SQS --queue-url $GRANT_QUEUE --attribute-names All',
    "  aws rds-data execute-statement --endpoint-url $RDS_DATA --resource-arn $DATABASE --secret-arn $DATABASE_SECRET --database grantline --sql 'SELECT promotion_id, promotion_status FROM campaign_promotions'",
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function couponLines(coupons: CouponServices | undefined): string[] {
  if (coupons === undefined) return [];
  const line = (name: string, { url, isStandIn }: CouponService) =>
    `  ${name.padEnd(15)} ${url}${isStandIn ? '  (a stand-in; /stats, /faults)' : ''}`;
  return [line('store service', coupons.store), line('notifications', coupons.notification)];
}

function stateOf({ runtime, outside }: World): RuntimeState {
  const texts = runtime.outputs.flatMap(({ name, value }): [string, string][] =>
    typeof value === 'string' ? [[name, value]] : [],
  );
  return {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    region: runtime.model.region,
    endpoints: runtime.endpoints,
    moneyApi: { url: outside.money.url, isStandIn: outside.money.isStandIn },
    outputs: {
      ...Object.fromEntries(texts),
      // As they are here, whatever the stage calls them.
      DatabaseName: new URL(outside.databaseUrl).pathname.slice(1),
      RedisUrl: withoutPassword(outside.redisUrl),
    },
  };
}

function withoutPassword(address: string): string {
  const url = new URL(address);
  url.username = '';
  url.password = '';
  return url.href;
}

function exportsFor(runtime: Runtime, output: (name: string) => string): string[] {
  const { endpoints } = runtime;
  const adminApi = optionalOutput(runtime, 'AdminApiUrl');
  const variables = {
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_DEFAULT_REGION: 'ap-northeast-2',
    STEP_FUNCTIONS: endpoints.stepFunctions,
    SQS: endpoints.sqs,
    RDS_DATA: endpoints.rdsData,
    LAMBDA: endpoints.lambda,
    SNS: endpoints.sns,
    SECRETS_MANAGER: endpoints.secretsManager,
    CAMPAIGN_RUN: output('CampaignRunArn'),
    GRANT_QUEUE: output('GrantQueueUrl'),
    DATABASE: output('DatabaseResourceArn'),
    DATABASE_SECRET: output('DatabaseSecretArn'),
    ...(adminApi === undefined ? {} : { ADMIN_API: adminApi }),
  };
  // Quoted: the ! in the secret's name is history to an interactive shell.
  return Object.entries(variables).map(([name, value]) => `  export ${name}='${value}'`);
}

/** Undefined when no stack has one. */
function optionalOutput({ outputs }: Runtime, name: string): string | undefined {
  const value = outputs.find((output) => output.name === name)?.value;
  return typeof value === 'string' ? value : undefined;
}

function port(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= 65_500) return value;
  throw new InvalidArgumentError('It must be a port from 1 to 65500.');
}

/**
 * Registered before anything starts: a Ctrl-C in mid-start stops what has come up by then.
 * @returns the exit code
 */
function untilInterrupted(): Promise<number> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve(0));
    whenNobodyReads(() => resolve(NOBODY_READS));
  });
}
