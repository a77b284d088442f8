/**
 * The configuration of a stage: its fields, what they must satisfy, and how the command line overrides them.
 * Nothing here is a construct, so a wrong configuration is refused before one is built.
 */
import { z } from 'zod';
import { elsewhere } from './elsewhere.ts';
import { environment } from './environment-config.ts';
import { clusterArn, existingSecret, keyArn, secretArn, topicArn } from './existing-config.ts';
import { defaultGrantConcurrency } from './grant-concurrency.ts';
import { network, reachableAt, securityGroupId } from './network-config.ts';

/** Said explicitly wherever a time zone is asked for: the client's times are local times of Korea. */
export const TIME_ZONE = 'Asia/Seoul';

const stageName = z.enum(['dev', 'staging', 'prod']);
export type StageName = z.infer<typeof stageName>;

const httpUrl = z.url({ protocol: /^https?$/, error: 'must be an http(s) URL' });

/** What CloudWatch Logs accepts and we want to choose from; it refuses other numbers at deploy. */
const logRetentionDays = z.literal([7, 14, 30, 90, 180, 365, 1827, 3653]);

/** What every AWS service takes. */
const tagValue = z
  .string()
  .regex(/^[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,256}$/u, 'must be 1 to 256 letters, digits, spaces or _.:/=+-@');

const database = z
  .strictObject({
    /** The schema that the migrations fill. */
    name: z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, 'must be a lower-case MySQL schema name'),
    /** A cluster that others run (Data API on): no cluster is created then, and the fields below do nothing. */
    existing: z
      .strictObject({
        clusterArn,
        /** Of its user and password; and the customer's key under which it is, if it is. */
        secret: z.strictObject({ arn: secretArn, kmsKeyArn: keyArn.optional() }),
      })
      .optional(),
    /** Aurora capacity units, of 2 GiB each. */
    capacity: z.strictObject({
      min: z.number().min(0.5).max(256).multipleOf(0.5),
      max: z.number().min(1).max(256).multipleOf(0.5),
    }),
    /** Besides the writer, in other zones, as large as it is: one takes over within a minute when it fails. */
    readers: z.int().min(0).max(15),
    /** Nobody deletes the cluster while it is on; it may be off in dev alone. */
    deletionProtection: z.boolean(),
    /** For so many days it can be restored as it was at any second; the most that Aurora keeps is 35. */
    backupDays: z.int().min(1).max(35),
  })
  .refine(({ capacity }) => capacity.min <= capacity.max, {
    path: ['capacity', 'min'],
    error: 'must not exceed capacity.max',
  });

const redis = z.strictObject({
  /** A Redis or Valkey that others run, cluster mode disabled: no cache is created then, and the fields below do nothing. */
  existing: z
    .strictObject({
      url: z
        .url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// URL' })
        .refine(hasNoPassword, { error: 'must have no password: put it into a secret, and name that one' }),
      /** A Secrets Manager secret whose string is the password; without it Redis is asked without one. */
      authTokenSecret: existingSecret.optional(),
      /** Its own, which lets the functions in (output FunctionSecurityGroupId): they reach that group alone. */
      securityGroupId: securityGroupId.optional(),
    })
    .optional(),
  /** Of ElastiCache, of the arm64 generations: its memory is what counts, see config/default-stages.ts. */
  nodeType: z.string().regex(/^cache\.[a-z0-9]+\.[a-z0-9]+$/, 'must be an ElastiCache node type'),
  /** Besides the primary, each in another zone than the one before; one of them takes over when it fails. */
  replicas: z.int().min(0).max(5),
});

const stageConfig = z
  .strictObject({
    stage: stageName,
    /** Where it is deployed. Needed to deploy staging and prod; dev goes to wherever the CDK CLI is signed in. */
    environment: environment.optional(),
    network,
    money: z.strictObject({
      /** Reached from isolated subnets: over a peering, a transit gateway or PrivateLink. */
      apiUrl: httpUrl,
      /** Where it is, if more is known than that the subnets' routes lead there. */
      cidrs: reachableAt.optional(),
      /** Calls a second that the Money API admits, over everything that Grantline sends. */
      tps: z.int().min(2),
      /** A Secrets Manager secret whose string is the API key; without it one is created to be filled in. */
      apiKeySecret: existingSecret.optional(),
    }),
    grants: z.strictObject({
      /** Environments that share the ceiling, 2..1000 and ≤ money.tps. Default: `defaultGrantConcurrency`. */
      concurrency: z.int().min(2).max(1000).optional(),
      /**
       * Receives before a message is a dead letter. High on purpose: retries are counted in the database by
       * Money calls, and a receive that ended in a throttle or a wait is nobody's failure.
       */
      maxReceiveCount: z.int().min(5).max(1000),
    }),
    /** Seconds of each second kept free for jitter on the way to the Money API. */
    pacingHeadroomSeconds: z.number().min(0).max(0.5),
    /** How many seconds of work publishing keeps in the queue: a stop is as quick as this is small. */
    publishing: z.strictObject({ backlogSeconds: z.int().min(5).max(600) }),
    /** How often progress is counted, for `status`, `watch` and the dashboard. */
    progress: z.strictObject({ intervalSeconds: z.number().min(1).max(60) }),
    database,
    redis,
    alerts: z.strictObject({
      /** In which people are told. */
      language: z.enum(['ko', 'en']),
      /** A Secrets Manager secret whose string is the webhook's URL; without it one is created to be filled in. */
      slackWebhookSecret: existingSecret.optional(),
    }),
    coupons: z.strictObject({
      /** Says the districts of stores. Reached as the Money API is. */
      storeServiceUrl: httpUrl,
      /** Says the push tokens of members. Reached in the same way. */
      notificationServiceUrl: httpUrl,
      /** Where both are, if more is known. */
      cidrs: reachableAt.optional(),
      /** A Secrets Manager secret whose string is the system token; without it one is created to be filled in. */
      systemTokenSecret: existingSecret.optional(),
    }),
    jobs: z.strictObject({
      /** A step that failed is tried again after so long, twice. */
      retrySeconds: z.int().min(1).max(3600),
    }),
    /** Of every log group. */
    logRetentionDays,
    alarms: z.strictObject({
      /** Whether an alarm tells anybody; the console shows its state in any case. */
      enabled: z.boolean(),
      /** An SNS topic in this account and region that is told too, say a pager's. Slack is told in any case. */
      topicArn: topicArn.optional(),
      /** Where docs/runbook.md can be read, so that an alarm links to it: headings have GitHub's anchors. */
      runbookUrl: httpUrl.optional(),
    }),
    /** Beside the project and the stage, for who splits the bill and who is asked: on everything that takes tags. */
    tags: z.strictObject({ costCentre: tagValue.optional(), owner: tagValue.optional() }).default({}),
    /** Destroying the stack destroys its data too. */
    removable: z.boolean(),
  })
  .refine(({ money, grants }) => grants.concurrency === undefined || grants.concurrency <= money.tps, {
    path: ['grants', 'concurrency'],
    error: 'must not exceed money.tps: each environment sends at least one call a second',
  })
  .refine(({ stage, database: { deletionProtection } }) => stage === 'dev' || deletionProtection, {
    path: ['database', 'deletionProtection'],
    error: 'may be off in dev only',
  })
  .refine(({ stage, redis }) => stage === 'dev' || redis.existing !== undefined || redis.replicas > 0, {
    path: ['redis', 'replicas'],
    error: 'may be 0 in dev only: without one nothing takes over when the node fails',
  })
  .refine(({ stage, removable }) => stage === 'dev' || !removable, {
    path: ['removable'],
    error: 'may be on in dev only',
  })
  .refine(
    ({ removable, database: { existing, deletionProtection } }) =>
      !removable || existing !== undefined || !deletionProtection,
    {
      path: ['database', 'deletionProtection'],
      error: 'must be off where removable is on: destroy would stop at the cluster',
    },
  )
  .superRefine(({ environment: where, ...config }, context) => {
    if (where === undefined) return;
    for (const { path, foreign } of elsewhere(where, config)) {
      context.addIssue({
        code: 'custom',
        path: [...path],
        message: `is in ${foreign}, not where the stage is`,
      });
    }
  });

/** What config/stages.ts says. */
export type StageConfig = z.input<typeof stageConfig>;

const settledConfig = stageConfig.transform((config) => ({
  ...config,
  grants: {
    ...config.grants,
    concurrency: config.grants.concurrency ?? defaultGrantConcurrency(config.money.tps),
  },
}));

/** What the stacks are built from: checked, and with its defaults filled in. */
export type Config = z.output<typeof settledConfig>;

/** `-c name=value`; values from the command line are strings, those from cdk.json need not be. */
const overrides = z.strictObject({
  stage: stageName.default('dev'),
  account: z.string().optional(),
  region: z.string().optional(),
  moneyTps: z.coerce.number().optional(),
  grantConcurrency: z.coerce.number().optional(),
  pacingHeadroomSeconds: z.coerce.number().optional(),
  moneyApiUrl: z.string().optional(),
  jobRetrySeconds: z.coerce.number().optional(),
  /** For the local runtime: `withOwnParts`. */
  existing: z.literal('ignored').optional(),
});

export type ConfigOutcome =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly problems: readonly string[] };

/**
 * @param stages config/stages.ts
 * @param context the app's whole context. CDK keeps its own values there, whose keys all have a punctuation mark:
 *   a plain word is ours, and one that we do not know is refused, because a misspelt `moneyTps` would pay at
 *   another speed than the operator asked for.
 */
export function readConfig(
  stages: Readonly<Record<StageName, StageConfig>>,
  context: Readonly<Record<string, unknown>>,
): ConfigOutcome {
  const ours = Object.fromEntries(Object.entries(context).filter(([key]) => /^[A-Za-z]+$/.test(key)));
  const chosen = overrides.safeParse(ours);
  if (!chosen.success) return { ok: false, problems: problemsOf('context', chosen.error) };
  const { stage, account, region, existing, ...others } = chosen.data;
  const { moneyTps, grantConcurrency, pacingHeadroomSeconds, moneyApiUrl, jobRetrySeconds } = others;
  const base = stages[stage];
  const outcome = checkConfig({
    ...base,
    ...((account ?? region) !== undefined && {
      environment: {
        ...base.environment,
        ...(account !== undefined && { account }),
        ...(region !== undefined && { region }),
      },
    }),
    ...(pacingHeadroomSeconds !== undefined && { pacingHeadroomSeconds }),
    money: {
      ...base.money,
      ...(moneyTps !== undefined && { tps: moneyTps }),
      ...(moneyApiUrl !== undefined && { apiUrl: moneyApiUrl }),
    },
    jobs: { ...base.jobs, ...(jobRetrySeconds !== undefined && { retrySeconds: jobRetrySeconds }) },
    grants: { ...base.grants, ...(grantConcurrency !== undefined && { concurrency: grantConcurrency }) },
  });
  return outcome.ok && existing === 'ignored' ? { ok: true, config: withOwnParts(outcome.config) } : outcome;
}

/**
 * The stage as if nothing that it needs were there already. On a laptop nothing is: stand-ins take the place of what the
 * templates create, and templates say nothing of what is not created.
 */
function withOwnParts(config: Config): Config {
  const { network, money, database, redis, alerts, coupons, alarms } = config;
  return {
    ...config,
    environment: undefined,
    network: network.existing === undefined ? network : { cidr: '10.64.0.0/20' },
    money: { ...money, apiKeySecret: undefined },
    database: { ...database, existing: undefined },
    redis: { ...redis, existing: undefined },
    alerts: { ...alerts, slackWebhookSecret: undefined },
    coupons: { ...coupons, systemTokenSecret: undefined },
    alarms: { ...alarms, topicArn: undefined },
  };
}

export function checkConfig(candidate: unknown): ConfigOutcome {
  const checked = settledConfig.safeParse(candidate);
  if (checked.success) return { ok: true, config: checked.data };
  const named = z.object({ stage: z.string() }).safeParse(candidate);
  return {
    ok: false,
    problems: problemsOf(`stage ${named.success ? named.data.stage : '?'}`, checked.error),
  };
}

/** One line a problem: where it is, and what is wrong with it. */
function problemsOf(where: string, error: z.ZodError): string[] {
  return error.issues.map(
    (issue) => `${[where, issue.path.join('.')].filter(Boolean).join(': ')}: ${issue.message}`,
  );
}

function hasNoPassword(url: string): boolean {
  return URL.parse(url)?.password === '';
}
