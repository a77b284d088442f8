/**
 * What lies outside Grantline: each part is an external one when the environment names it, and a private one on
 * this machine otherwise.
 */
import { connect } from 'node:net';
import { join } from 'node:path';
import * as z from 'zod';
import { spawnService } from '../local/process/child-service.ts';
import { goFirst } from '../local/process/priority.ts';
import { startMariaDb } from '../local/servers/mariadb.ts';
import { ensurePrograms } from '../local/servers/programs.ts';
import { startRedis } from '../local/servers/redis.ts';
import type {
  NotificationServiceOptions,
  StoreServiceOptions,
} from '../stand-ins/coupon-services/options.ts';
import type { MoneyApiOptions } from '../stand-ins/money-api/options.ts';
import { startSlack } from '../stand-ins/slack/server.ts';

const urlOf = (protocols: RegExp, example: string) =>
  z.url({ protocol: protocols, error: `must be a URL like ${example}` }).optional();

const outsideEnvironment = z.object({
  DATABASE_URL: urlOf(/^mysql$/, 'mysql://user:password@host:3306/grantline'),
  REDIS_URL: urlOf(/^rediss?$/, 'redis://:password@host:6379'),
  MONEY_API_URL: urlOf(/^https?$/, 'http://host:8080'),
  MONEY_API_KEY: z.string().min(1).optional(),
  SLACK_WEBHOOK_URL: urlOf(/^https?$/, 'https://hooks.slack.com/services/T000/B000/XXX'),
  JWT_SECRET_KEY: z.string().min(1).optional(),
  STORE_SERVICE_URL: urlOf(/^https?$/, 'http://host:8080'),
  NOTIFICATION_SERVICE_URL: urlOf(/^https?$/, 'http://host:8080'),
  SYSTEM_TOKEN: z.string().min(1).optional(),
});

export interface CouponServices {
  readonly store: CouponService;
  readonly notification: CouponService;
  /** What both of them are asked with. */
  readonly systemToken: string;
}

export interface CouponService {
  readonly url: string;
  /** Whether it is our stand-in, which takes faults and serves statistics. */
  readonly isStandIn: boolean;
}

export interface Outside {
  readonly databaseUrl: string;
  /** With the password that it asks for, if any. */
  readonly redisUrl: string;
  readonly money: {
    readonly url: string;
    readonly apiKey: string;
    /** Whether it is our stand-in, which serves a ledger and statistics. */
    readonly isStandIn: boolean;
  };
  readonly slack: {
    readonly webhookUrl: string;
    /** Where our stand-in shows what was posted; undefined for the real one. */
    readonly messagesUrl: string | undefined;
  };
  /** Undefined: nobody asked for them. */
  readonly coupons: CouponServices | undefined;
  /** Undefined: the secret is generated as its template says. */
  readonly jwtSecretKey: string | undefined;
  close(): Promise<void>;
}

export interface OutsideOptions {
  readonly environment: NodeJS.ProcessEnv;
  readonly dataDirectory: string;
  readonly logDirectory: string;
  readonly standIn: Omit<MoneyApiOptions, 'apiKey'>;
  /** Of the store and the notification service; without it there are none. */
  readonly coupons?: Omit<StoreServiceOptions, 'token' | 'port'>;
  readonly ports?: Partial<
    Record<'database' | 'redis' | 'slack' | 'storeService' | 'notificationService', number>
  >;
  /** Which our private Redis asks for; without it, for none. */
  readonly redisPassword?: string;
  readonly report: (line: string) => void;
}

const STAND_IN_KEY = 'local-money-api-key';
const STAND_IN_TOKEN = 'local-system-token';

/** @throws Error of one line naming the variable that is wrong, or the server that cannot be reached. */
export async function startOutside(options: OutsideOptions): Promise<Outside> {
  const { dataDirectory, logDirectory, report } = options;
  const named = readOutsideEnvironment(options.environment);
  await Promise.all([
    reachable('DATABASE_URL', named.DATABASE_URL, 3306),
    reachable('REDIS_URL', named.REDIS_URL, 6379),
    reachable('MONEY_API_URL', named.MONEY_API_URL, 80),
    ...(options.coupons === undefined
      ? []
      : [
          reachable('STORE_SERVICE_URL', named.STORE_SERVICE_URL, 80),
          reachable('NOTIFICATION_SERVICE_URL', named.NOTIFICATION_SERVICE_URL, 80),
        ]),
  ]);

  const needs = { mariadb: named.DATABASE_URL === undefined, redis: named.REDIS_URL === undefined };
  const { mariadbd, mariadbInstallDb, redisServer } = await ensurePrograms(report, needs);
  const started: { close(): Promise<void> }[] = [];
  const keep = <S extends { close(): Promise<void> }>(service: S): S => {
    started.push(service);
    return service;
  };
  const close = async () => {
    await Promise.all(started.map((service) => service.close()));
  };

  const database = async () => {
    // What is installed here is found also where it is not needed.
    if (named.DATABASE_URL !== undefined) return named.DATABASE_URL;
    if (mariadbd === undefined || mariadbInstallDb === undefined) return '';
    const server = await startMariaDb({
      dataDir: join(dataDirectory, 'mariadb'),
      logFile: join(logDirectory, 'mariadb.log'),
      programs: { mariadbd, mariadbInstallDb },
      ...(options.ports?.database === undefined ? {} : { port: options.ports.database }),
    });
    return keep(server).url;
  };
  const redis = async () => {
    if (named.REDIS_URL !== undefined) return named.REDIS_URL;
    if (redisServer === undefined) return '';
    const server = await startRedis({
      dataDir: join(dataDirectory, 'redis'),
      logFile: join(logDirectory, 'redis.log'),
      programs: { redisServer },
      ...(options.ports?.redis === undefined ? {} : { port: options.ports.redis }),
      ...(options.redisPassword === undefined ? {} : { password: options.redisPassword }),
    });
    return keep(server).url;
  };
  const money = async () => {
    if (named.MONEY_API_URL !== undefined && named.MONEY_API_KEY !== undefined) {
      return { url: named.MONEY_API_URL, apiKey: named.MONEY_API_KEY, isStandIn: false };
    }
    const service = await spawnService(
      new URL('../stand-ins/money-api/main.ts', import.meta.url),
      { ...options.standIn, apiKey: STAND_IN_KEY },
      { logFile: join(logDirectory, 'money-api.log') },
    );
    goFirst(keep(service).pid);
    return { url: service.url, apiKey: STAND_IN_KEY, isStandIn: true };
  };
  const slack = async () => {
    // Whether the real one can be reached is not asked: Slack may be down while everything else runs.
    const { SLACK_WEBHOOK_URL: webhookUrl } = named;
    if (webhookUrl !== undefined) return { webhookUrl, messagesUrl: undefined };
    const standIn = keep(await startSlack({ port: options.ports?.slack ?? 0 }));
    return { webhookUrl: standIn.webhookUrl, messagesUrl: `${standIn.url}/messages` };
  };
  const systemToken = named.SYSTEM_TOKEN ?? STAND_IN_TOKEN;
  const couponService = async (
    name: 'store-service' | 'notification-service',
    url: string | undefined,
    standIn: Omit<StoreServiceOptions | NotificationServiceOptions, 'token'>,
  ): Promise<CouponService | undefined> => {
    if (options.coupons === undefined) return undefined;
    if (url !== undefined) return { url, isStandIn: false };
    const service = await spawnService(
      new URL(`../stand-ins/coupon-services/${name}-main.ts`, import.meta.url),
      { ...standIn, token: systemToken },
      { logFile: join(logDirectory, `${name}.log`) },
    );
    return { url: keep(service).url, isStandIn: true };
  };
  const store = () =>
    couponService('store-service', named.STORE_SERVICE_URL, {
      ...options.coupons,
      port: options.ports?.storeService ?? 0,
    });
  const notification = () =>
    couponService('notification-service', named.NOTIFICATION_SERVICE_URL, {
      seed: options.coupons?.seed ?? 1,
      port: options.ports?.notificationService ?? 0,
    });

  // All of them are waited for, so that a failure of one leaves none behind that comes up later.
  const starting = [database(), redis(), money(), slack(), store(), notification()] as const;
  const failed = (await Promise.allSettled(starting)).find((start) => start.status === 'rejected');
  if (failed !== undefined) {
    await close();
    throw failed.reason;
  }
  const [databaseUrl, redisUrl, moneyApi, slackWebhook, stores, notifications] = await Promise.all(starting);
  return {
    databaseUrl,
    redisUrl,
    money: moneyApi,
    slack: slackWebhook,
    coupons: stores && notifications && { store: stores, notification: notifications, systemToken },
    jwtSecretKey: named.JWT_SECRET_KEY,
    close,
  };
}

function readOutsideEnvironment(environment: NodeJS.ProcessEnv): z.output<typeof outsideEnvironment> {
  const parsed = outsideEnvironment.safeParse(environment);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`${issue?.path.join('.') ?? 'environment'} ${issue?.message ?? 'is wrong'}`);
  }
  const { MONEY_API_URL, MONEY_API_KEY } = parsed.data;
  if (MONEY_API_URL !== undefined && MONEY_API_KEY === undefined) {
    throw new Error('MONEY_API_URL is set and MONEY_API_KEY is not: give the key of that Money API too');
  }
  const { STORE_SERVICE_URL, NOTIFICATION_SERVICE_URL, SYSTEM_TOKEN } = parsed.data;
  if ((STORE_SERVICE_URL ?? NOTIFICATION_SERVICE_URL) !== undefined && SYSTEM_TOKEN === undefined) {
    const variable = STORE_SERVICE_URL === undefined ? 'NOTIFICATION_SERVICE_URL' : 'STORE_SERVICE_URL';
    throw new Error(`${variable} is set and SYSTEM_TOKEN is not: give the token of that service too`);
  }
  return parsed.data;
}

/** A connection that opens; what is said over it is for its own client to check. */
async function reachable(variable: string, url: string | undefined, defaultPort: number): Promise<void> {
  if (url === undefined) return;
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === 'https:' ? 443 : defaultPort;
  const at = { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) };
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ ...at, timeout: 3_000 });
    const fail = (why: string) => {
      socket.destroy();
      reject(
        new Error(
          `${variable}: nothing answers at ${at.host}:${at.port} (${why}); start it, or unset ${variable}`,
        ),
      );
    };
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
    socket.once('timeout', () => fail('timeout'));
    socket.once('error', (error) => fail('code' in error ? String(error.code) : error.message));
  });
}
