/**
 * Runs what `cdk synth` wrote on this machine. It knows templates and AWS's services, and nothing of the business:
 * what it needs of the outside comes in as options.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deploy, requireReplaceable } from './deploy.ts';
import { AccessDenied, createAuthorizer } from './iam/authorizer.ts';
import type { Authorizer } from './iam/authorizer.ts';
import { callLogIn } from './iam/call-log.ts';
import { requireAccess } from './iam/require-access.ts';
import { watchRefusals } from './iam/watch-refusals.ts';
import { spawnService } from './process/child-service.ts';
import { startAbsentServices } from './services/absent-services.ts';
import { startHttpApis } from './services/api-gateway/start-http-apis.ts';
import { startCloudWatch } from './services/cloudwatch/server.ts';
import { startEventBus } from './services/events/bus.ts';
import { statusChangeEvent } from './services/events/event.ts';
import { createLambdaService } from './services/lambda/service.ts';
import { startEventSourceMapping } from './services/lambda/event-source-mapping.ts';
import type { EventSourceMapping } from './services/lambda/event-source-mapping.ts';
import { startScheduler } from './services/scheduler/server.ts';
import { startSecretsManager } from './services/secrets-manager/server.ts';
import { startStepFunctions } from './services/step-functions/server.ts';
import { functionNameOf, qualifierOf } from './template/function-name.ts';
import { readAssembly } from './template/assembly.ts';
import { resolveAssembly } from './template/resolve.ts';
import type { LocalModel, OutputModel } from './template/model.ts';
import type { Endpoints } from './template/resource-types.ts';

export interface RuntimeOptions {
  /** The cloud assembly: cdk.out. */
  readonly assemblyDirectory: string;
  readonly logDirectory: string;
  /** mysql://user:password@host:port/schema; every cluster of the templates is this one. */
  readonly databaseUrl: string;
  readonly redisUrl: string;
  /** Values by variable name for what lies outside AWS; they replace what the template gives a function. */
  readonly overrides: Readonly<Record<string, string>>;
  /** Values of secrets by the last part of their name; the others are generated as the template says. */
  readonly secrets: Readonly<Record<string, string>>;
  /** Free ones where missing. SNS has none of its own. */
  readonly ports?: Partial<Record<ServiceName, number>>;
  /** Of the first HTTP API; the others take the next ones. Free ones when missing. */
  readonly httpApiPort?: number;
  readonly report?: (line: string) => void;
}

export const SERVICES = [
  'sqs',
  'rdsData',
  'lambda',
  'stepFunctions',
  'scheduler',
  'secretsManager',
  'sns',
  'cloudwatch',
] as const;
export type ServiceName = (typeof SERVICES)[number];

export interface Runtime {
  readonly endpoints: Readonly<Record<ServiceName, string>>;
  readonly outputs: readonly OutputModel[];
  readonly model: LocalModel;
  /**
   * What a deployment over this one does to functions: all of them run the assembly's code and settings from now
   * on, and the triggers run. What roles may do is what it says. Queues, machines and schedules stay as they are.
   * @throws Error of one line when it has other functions, or lacks a right that a start would ask for; nothing is
   *   replaced then
   */
  deploy(assemblyDirectory: string): Promise<void>;
  /** The processes of each function, for whoever watches them or ends one as a machine that is lost would. */
  functionProcesses(): readonly { readonly functionName: string; readonly pids: readonly number[] }[];
  /** Ends everything that it started, invocations under way included after `graceSeconds`. */
  close(): Promise<void>;
}

/** Invocations under way may finish for so long: a Money call's deadline and the write of its result. */
const CLOSE_GRACE_MS = 5_000;

interface Closable {
  close(): Promise<void>;
}

/**
 * @throws Error of one line when a template asks for what is not known here, a port is in use, or a deployment
 *   trigger (the migrations) fails. Nothing is left running then.
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const started: Closable[] = [];
  const mappings: EventSourceMapping[] = [];
  const close = async () => {
    await Promise.all(mappings.map((mapping) => mapping.close(CLOSE_GRACE_MS)));
    for (const service of started.toReversed()) await service.close();
  };
  try {
    return await start(options, started, mappings, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  options: RuntimeOptions,
  started: Closable[],
  mappings: EventSourceMapping[],
  close: () => Promise<void>,
): Promise<Runtime> {
  const keep = async <S extends Closable>(starting: Promise<S>): Promise<S> => {
    const service = await starting;
    started.push(service);
    return service;
  };
  const { ports = {}, logDirectory, report = () => undefined } = options;
  const assembly = await readAssembly(options.assemblyDirectory);
  const database = hostAndPort(options.databaseUrl, 3306);
  const cache = hostAndPort(options.redisUrl, 6379);

  // The endpoints of queues and HTTP APIs are part of what the templates resolve to: once to see what is to listen,
  // once with where it does.
  const asked = resolveAssembly(assembly, {
    sqsUrl: 'http://sqs',
    httpApiUrls: new Map(),
    database,
    cache,
  });
  const { region, account } = asked;
  const callLog = callLogIn(logDirectory);
  await mkdir(logDirectory, { recursive: true });
  await writeFile(callLog, '');
  let iam = requireAccess(asked, callLog);
  const authorizer = createAuthorizer(iam);
  started.push(watchRefusals(callLog, report));
  const sqs = await keep(
    spawnService(
      new URL('./services/sqs/main.ts', import.meta.url),
      {
        port: ports.sqs ?? 0,
        region,
        accountId: account,
        queues: asked.queues.map(({ name, attributes }) => ({ name, attributes: { ...attributes } })),
        topics: asked.topics.map(({ arn, name, displayName, keyArn }) => ({
          arn,
          name,
          displayName,
          keyArn,
        })),
        authorizer: iam,
        subscriptions: asked.subscriptions.map(({ filterPolicy, ...subscription }) => ({
          ...subscription,
          filterPolicy: filterPolicy && JSON.stringify(filterPolicy),
        })),
      },
      { logFile: join(logDirectory, 'sqs.log') },
    ),
  );
  const httpApis = await keep(
    startHttpApis({
      model: asked,
      firstPort: options.httpApiPort,
      // The functions start after it; a request that comes before is refused.
      invoke: (functionArn, payload) => lambda.invokeForResult(functionArn, payload),
      log: report,
    }),
  );
  const endpoints: Endpoints = { sqsUrl: sqs.url, httpApiUrls: httpApis.urls, database, cache };
  const model = resolveAssembly(assembly, endpoints);

  const rdsData = await keep(
    spawnService(
      new URL('./services/rds-data/main.ts', import.meta.url),
      {
        port: ports.rdsData ?? 0,
        authorizer: iam,
        databases: model.databases.map(({ arn }) => ({
          resourceArn: arn,
          secretArns: model.secrets.map((secret) => secret.arn),
          url: options.databaseUrl,
        })),
      },
      { logFile: join(logDirectory, 'rds-data.log') },
    ),
  );
  const secretsManager = await keep(
    startSecretsManager({
      port: ports.secretsManager ?? 0,
      authorizer,
      secrets: model.secrets,
      valueOf: (name) => options.secrets[name.split('/').at(-1) ?? name],
    }),
  );

  const cloudwatch = await keep(startCloudWatch({ port: ports.cloudwatch ?? 0, authorizer }));

  const absent = await keep(startAbsentServices(report));

  // Functions are told the endpoints of services that start after them: those ports must be known by now.
  const endpointsEnv: Record<string, string> = {
    AWS_ENDPOINT_URL: absent.url,
    AWS_ENDPOINT_URL_SQS: sqs.url,
    AWS_ENDPOINT_URL_SNS: sqs.url,
    AWS_ENDPOINT_URL_CLOUDWATCH: cloudwatch.url,
    AWS_ENDPOINT_URL_RDS_DATA: rdsData.url,
    AWS_ENDPOINT_URL_SECRETS_MANAGER: secretsManager.url,
  };
  // These three call the functions, which start after them; nothing is invoked before that.
  const bus = startEventBus({
    rules: model.rules,
    invokeFunction: async (arn, payload) => {
      lambda.invokeAsync(arn, payload);
      return Promise.resolve();
    },
    log: report,
  });
  const stepFunctions = await keep(
    startStepFunctions({
      port: ports.stepFunctions ?? 0,
      region,
      accountId: account,
      machines: model.stateMachines.map(({ name, arn, type, definition }) => ({
        name,
        arn,
        type,
        definition,
      })),
      authorizer,
      invokeFunction: async (name, payload, stateMachineArn) => {
        requireInvocation(model, authorizer, name, stateMachineArn);
        return lambda.invoke(name, payload);
      },
      onStatusChange: (change) => bus.put(statusChangeEvent(change, { region, account })),
    }),
  );
  endpointsEnv['AWS_ENDPOINT_URL_SFN'] = stepFunctions.url;
  const scheduler = await keep(
    startScheduler({
      port: ports.scheduler ?? 0,
      authorizer,
      region,
      accountId: account,
      schedules: model.schedules,
      scheduleGroups: model.scheduleGroups,
      invokeFunction: async (arn, payload) => {
        lambda.invokeAsync(arn, JSON.stringify(payload));
        return Promise.resolve();
      },
      startExecution: async (request) => Promise.resolve(stepFunctions.engine.start(request)),
      log: report,
    }),
  );
  endpointsEnv['AWS_ENDPOINT_URL_SCHEDULER'] = scheduler.url;
  const lambda = await keep(
    createLambdaService({
      port: ports.lambda ?? 0,
      authorizer,
      region,
      functions: model.functions,
      paced: new Set(model.eventSourceMappings.map(({ functionName }) => functionName)),
      endpointsEnv,
      overrides: options.overrides,
      logDirectory,
    }),
  );
  // Closed before the functions: executions that end with them invoke nothing any more.
  started.push(bus);

  for (const trigger of model.triggers) {
    report(`running ${trigger.functionName}, as a deployment does`);
    await lambda.invoke(trigger.functionName, {});
  }
  for (const mapping of model.eventSourceMappings) {
    await lambda.provision(mapping.functionName, mapping.maximumConcurrency ?? 1);
    const queue = model.queues.find(({ arn }) => arn === mapping.queueArn);
    mappings.push(
      startEventSourceMapping({
        mapping,
        lambda,
        sqsEndpoint: sqs.url,
        visibilityTimeoutSeconds: queue?.visibilityTimeoutSeconds ?? 30,
        log: report,
      }),
    );
  }

  scheduler.start();

  return {
    endpoints: {
      sqs: sqs.url,
      rdsData: rdsData.url,
      lambda: lambda.url,
      stepFunctions: stepFunctions.url,
      scheduler: scheduler.url,
      secretsManager: secretsManager.url,
      sns: sqs.url,
      cloudwatch: cloudwatch.url,
    },
    outputs: model.outputs,
    model,
    deploy: async (directory) => {
      const next = resolveAssembly(await readAssembly(directory), endpoints);
      requireReplaceable(model, next);
      const before = iam.roles;
      iam = requireAccess(next, callLog);
      await deploy(
        next,
        { before, next: iam.roles },
        {
          lambda,
          enforce: async (roles) => {
            authorizer.replace(roles);
            await Promise.all([sqs, rdsData].map((service) => service.tell([...roles])));
          },
          report,
        },
      );
    },
    functionProcesses: () => lambda.processes(),
    close,
  };
}

/** @throws AccessDenied, under the name that Step Functions gives to what Lambda refuses it */
function requireInvocation(
  { functions, stateMachines }: LocalModel,
  authorizer: Authorizer,
  nameOrArn: string,
  stateMachineArn: string,
): void {
  const fn = functions.find(({ name }) => name === functionNameOf(nameOrArn));
  // Lambda itself says that there is none.
  if (fn === undefined) return;
  const resource = fn.arn + qualifierOf(nameOrArn);
  const { roleArn } = stateMachines.find(({ arn }) => arn === stateMachineArn) ?? {};
  try {
    authorizer.role(roleArn, { action: 'lambda:InvokeFunction', resource });
  } catch (error) {
    if (!(error instanceof AccessDenied)) throw error;
    throw Object.assign(new Error(error.message), { name: 'Lambda.AWSLambdaException' });
  }
}

function hostAndPort(url: string, defaultPort: number): { host: string; port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: port === '' ? defaultPort : Number(port) };
}
