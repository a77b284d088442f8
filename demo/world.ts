/** Grantline on this machine: what lies outside, the synthesised app, and the runtime that runs it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { callLogIn, readCalls } from '../local/iam/call-log.ts';
import { giveWay } from '../local/process/priority.ts';
import { startRuntime } from '../local/runtime.ts';
import type { Runtime, RuntimeOptions } from '../local/runtime.ts';
import { requireNoRefusal } from './iam/refusals.ts';
import { recordCalls } from './iam/recorded-calls.ts';
import { startOutside } from './outside.ts';
import type { Outside, OutsideOptions } from './outside.ts';
import { synthesise } from './synthesise.ts';

export interface World {
  readonly outside: Outside;
  readonly runtime: Runtime;
  readonly logDirectory: string;
  /** @throws Error when no stack has an output of that name */
  readonly output: (name: string) => string;
  close(): Promise<void>;
}

export interface WorldOptions extends Omit<OutsideOptions, 'logDirectory'> {
  /** `-c name=value` overrides of the stage's configuration. */
  readonly context: Readonly<Record<string, string | number>>;
  readonly servicePorts?: RuntimeOptions['ports'];
  readonly httpApiPort?: number;
}

/** As on AWS, Redis asks for what functions find in a secret. */
const REDIS_PASSWORD = 'local-redis-auth-token';

/** @throws Error of one line; nothing is left running then. */
export async function startWorld(options: WorldOptions): Promise<World> {
  const { dataDirectory, report, context } = options;
  const logDirectory = join(dataDirectory, 'logs');
  const assemblyDirectory = join(dataDirectory, 'cdk.out');
  await mkdir(logDirectory, { recursive: true });

  report('synthesising the CDK app, starting the database, Redis and the Money API');
  const [synthesis, outsideStart] = await Promise.allSettled([
    synthesise(assemblyDirectory, context),
    startOutside({ redisPassword: REDIS_PASSWORD, ...options, logDirectory }),
  ]);
  if (outsideStart.status === 'rejected') throw outsideStart.reason;
  const outside = outsideStart.value;
  try {
    if (synthesis.status === 'rejected') throw synthesis.reason;
    report('starting the runtime on the synthesised templates');
    const runtime = await startOn(outside, {
      assemblyDirectory,
      logDirectory,
      report,
      ...(options.servicePorts === undefined ? {} : { ports: options.servicePorts }),
      ...(options.httpApiPort === undefined ? {} : { httpApiPort: options.httpApiPort }),
    });
    return {
      outside,
      runtime,
      logDirectory,
      output: (name) => outputOf(runtime, name),
      close: async () => {
        try {
          await runtime.close();
        } finally {
          await outside.close();
        }
      },
    };
  } catch (error) {
    await outside.close();
    throw error;
  }
}

export interface CouponAddresses {
  readonly store: { readonly url: string };
  readonly notification: { readonly url: string };
  readonly systemToken: string;
}

export interface OutsideAddresses {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly money: { readonly url: string; readonly apiKey: string };
  readonly slack: { readonly webhookUrl: string };
  readonly coupons?: CouponAddresses | undefined;
  readonly jwtSecretKey?: string | undefined;
}

/**
 * Starts the runtime, which gives way to what is outside from then on. What its roles call is recorded; when one was
 * refused, closing says so by an Error of one line, after all has ended.
 */
export async function startOn(
  { databaseUrl, redisUrl, money, slack, coupons, jwtSecretKey }: OutsideAddresses,
  options: Pick<RuntimeOptions, 'assemblyDirectory' | 'logDirectory' | 'report' | 'ports' | 'httpApiPort'>,
): Promise<Runtime> {
  giveWay();
  const redis = withoutPassword(redisUrl);
  const runtime = await startRuntime({
    ...options,
    databaseUrl,
    redisUrl,
    overrides: {
      REDIS_URL: redis.url,
      ...(redis.password === undefined ? { REDIS_AUTH_TOKEN_SECRET_ARN: '' } : {}),
      MONEY_API_URL: money.url,
      DATABASE_NAME: new URL(databaseUrl).pathname.slice(1),
      ...(coupons === undefined
        ? {}
        : { STORE_SERVICE_URL: coupons.store.url, NOTIFICATION_SERVICE_URL: coupons.notification.url }),
    },
    secrets: {
      MONEY_API_KEY: money.apiKey,
      SLACK_WEBHOOK_URL: slack.webhookUrl,
      ...(redis.password === undefined ? {} : { REDIS_AUTH_TOKEN: redis.password }),
      ...(coupons === undefined ? {} : { SYSTEM_TOKEN: coupons.systemToken }),
      ...(jwtSecretKey === undefined ? {} : { JWT_SECRET_KEY: jwtSecretKey }),
    },
  });
  return {
    ...runtime,
    close: async () => {
      await runtime.close();
      await recordCalls(options.logDirectory);
      requireNoRefusal(readCalls(callLogIn(options.logDirectory)));
    },
  };
}

/** The user, if there is one, stays in the URL. */
export function withoutPassword(address: string): {
  readonly url: string;
  readonly password: string | undefined;
} {
  const url = new URL(address);
  const password = url.password === '' ? undefined : decodeURIComponent(url.password);
  url.password = '';
  return { url: url.href, password };
}

function outputOf(runtime: Runtime, name: string): string {
  const value = runtime.outputs.find((output) => output.name === name)?.value;
  if (typeof value !== 'string') throw new Error(`no stack has an output ${name}`);
  return value;
}
