import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DEFAULT_STAGES } from '../../config/default-stages.ts';
import { JOB_NAMES, PROBLEMS } from '../../schema/jobs.ts';
import type { JobName } from '../../schema/jobs.ts';
import { EVENT_METRICS, GAUGES, JOB_METRICS, METRICS } from '../../schema/metrics.ts';
import { SAVED_QUERIES } from '../../schema/saved-queries.ts';
import { makeConfig, synthesise } from './synthesised.ts';

const dimensions = z.array(z.object({ Name: z.string(), Value: z.unknown() }));
const alarmResource = z.object({
  Properties: z.looseObject({
    AlarmName: z.string(),
    AlarmDescription: z.string(),
    ActionsEnabled: z.boolean(),
    AlarmActions: z.array(z.unknown()).default([]),
    OKActions: z.array(z.unknown()).default([]),
    Threshold: z.number(),
    ComparisonOperator: z.string(),
    EvaluationPeriods: z.number(),
    DatapointsToAlarm: z.number(),
    TreatMissingData: z.string(),
    Namespace: z.string().optional(),
    MetricName: z.string().optional(),
    Dimensions: dimensions.optional(),
    Metrics: z
      .array(
        z.looseObject({
          Id: z.string(),
          Expression: z.string().optional(),
          MetricStat: z
            .looseObject({
              Metric: z.looseObject({
                Namespace: z.string(),
                MetricName: z.string(),
                Dimensions: dimensions,
              }),
            })
            .optional(),
        }),
      )
      .default([]),
  }),
});
const logGroup = z.object({ Properties: z.looseObject({ LogGroupName: z.string() }) });
const savedQuery = z.object({
  Properties: z.looseObject({ Name: z.string(), LogGroupNames: z.array(z.string()) }),
});
type Alarm = z.output<typeof alarmResource>['Properties'];

const prod = makeConfig({ stage: 'prod' });
const { monitoring, campaignGrant, data, alerts, jobs, pointSync, couponStats, adminApi } = synthesise(prod);

function alarmsOf(template = monitoring): Map<string, Alarm> {
  const resources = Object.values(template.findResources('AWS::CloudWatch::Alarm'));
  const alarms = resources.map((resource) => alarmResource.parse(resource).Properties);
  return new Map(alarms.map((alarm) => [alarm.AlarmName.replace(/^grantline-\w+-P\d-/, ''), alarm]));
}

const alarms = alarmsOf();

function alarmOf(name: string): Alarm {
  const alarm = alarms.get(name);
  if (alarm === undefined) throw new Error(`there is no alarm ${name}`);
  return alarm;
}

const severityOf = ({ AlarmName }: Alarm) => /-(P\d)-/.exec(AlarmName)?.[1];
const anchorOf = ({ AlarmDescription }: Alarm) => /runbook\.md#(\S+)$/.exec(AlarmDescription)?.[1];

/** As far as it is text: what CloudFormation looks up is in between. */
const dashboardText = JSON.stringify(
  Object.values(monitoring.findResources('AWS::CloudWatch::Dashboard')),
).replaceAll('\\', '');
const titles = [...dashboardText.matchAll(/"title":"([^"]+)"/g)].map(([, title]) => title);

describe('the runbook', () => {
  const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
  const sections = new Map(
    (runbook.split(/^## Alarms$/m)[1] ?? '')
      .split(/^### /m)
      .slice(1)
      .map((section) => {
        const [heading = '', ...lines] = section.split('\n');
        return [heading.toLowerCase().replaceAll(' ', '-'), lines.join('\n')];
      }),
  );

  test('has a heading for each alarm, and each of its headings an alarm', () => {
    const named = new Set([...alarms.values()].map(anchorOf));
    expect([...sections.keys()].sort()).toEqual([...named].sort());
  });

  test.each([...alarms])(
    'says of %s how severe it is, what it means, how to look and what to do',
    (_, alarm) => {
      const section = sections.get(anchorOf(alarm) ?? '') ?? '';
      expect(section.trim().slice(0, 3)).toBe(`${severityOf(alarm) ?? ''}.`);
      for (const part of ['**Means.**', '**Look.**', '**Do.**', '**Wake.**']) expect(section).toContain(part);
    },
  );

  test('names widgets and saved queries that there are', () => {
    const text = runbook.replaceAll('\n', ' ');
    const widgets = [...text.matchAll(/(?<!\*)\*([A-Z][^*]+)\*(?!\*)/g)].map(([, title]) => title);
    const queries = [...text.matchAll(/[Qq]uer(?:y|ies) `(\w+)`(?:, then `(\w+)`)?/g)].flatMap(
      ([, first, second]) => [first, second ?? []].flat(),
    );
    expect(widgets.length).toBeGreaterThan(20);
    expect(queries.length).toBeGreaterThan(10);
    expect(titles).toEqual(expect.arrayContaining([...new Set(widgets)]));
    expect(Object.keys(SAVED_QUERIES)).toEqual(expect.arrayContaining([...new Set(queries)]));
  });

  test.each(JOB_NAMES)('says of %s what each of its problems is', (jobName) => {
    const rows = (sections.get('job-completed-with-problems') ?? '')
      .split('\n')
      .filter((line) => line.startsWith('|'));
    const first = rows.findIndex((row) => row.startsWith(`| \`${jobName}\` |`));
    const next = rows.findIndex((row, at) => at > first && !row.startsWith('| |'));
    const told = rows
      .slice(first, next === -1 ? undefined : next)
      .flatMap((row) => /^\| [^|]*\| `(\w+)` \| \S/.exec(row)?.[1] ?? []);
    expect(told.toSorted()).toEqual(PROBLEMS[jobName].toSorted());
  });

  test('links to headings that it has', () => {
    const links = [...runbook.matchAll(/\]\(#([^)]+)\)/g)].map(([, anchor]) => anchor);
    expect([...sections.keys()]).toEqual(expect.arrayContaining(links));
  });
});

/** What an alarm watches that counts a queue's messages, visible or not. */
const kept = (queue: string) => ({
  Threshold: 1,
  Metrics: expect.arrayContaining(
    ['ApproximateNumberOfMessagesVisible', 'ApproximateNumberOfMessagesNotVisible'].map(
      (MetricName): unknown =>
        expect.objectContaining({
          MetricStat: expect.objectContaining({
            Metric: {
              Namespace: 'AWS/SQS',
              MetricName,
              Dimensions: [{ Name: 'QueueName', Value: `grantline-prod-${queue}` }],
            },
          }) as unknown,
        }),
    ),
  ) as unknown,
});

const ofService = (service: string) => [
  { Name: 'service', Value: service },
  { Name: 'stage', Value: 'prod' },
];

/** @param hours without a completed run */
const jobAlarms = (jobName: JobName, hours: number): [string, object][] => {
  const watched = { Dimensions: ofService(jobName), Threshold: 1, EvaluationPeriods: 1 };
  return [
    [`job-failed-${jobName}`, { ...watched, MetricName: 'JobRunsFailed' }],
    [`job-completed-with-problems-${jobName}`, { ...watched, MetricName: 'JobRunsWithProblems' }],
    // Told every five minutes, so that an hour without is no delay of one.
    [
      `job-missing-${jobName}`,
      {
        MetricName: 'JobHoursSinceCompleted',
        Dimensions: ofService(jobName),
        Statistic: 'Maximum',
        Threshold: hours,
        Period: 900,
        EvaluationPeriods: 4,
        DatapointsToAlarm: 4,
      },
    ],
  ];
};

/** What an alarm watches of the cache's two nodes. */
const ofNodes = (MetricName: string, Threshold: number) => ({
  Threshold,
  Metrics: expect.arrayContaining([
    expect.objectContaining({ Expression: 'MAX([node1, node2])' }),
    ...['001', '002'].map((node): unknown =>
      expect.objectContaining({
        MetricStat: expect.objectContaining({
          Metric: {
            Namespace: 'AWS/ElastiCache',
            MetricName,
            Dimensions: [
              { Name: 'CacheClusterId', Value: `grantline-prod-${node}` },
              { Name: 'CacheNodeId', Value: '0001' },
            ],
          },
        }) as unknown,
      }),
    ),
  ]) as unknown,
});

describe('the alarms', () => {
  test('are these, as severe as this', () => {
    const severities = Object.fromEntries([...alarms].map(([name, alarm]) => [name, severityOf(alarm)]));
    expect(severities).toEqual({
      'failure-rate-above-one-percent': 'P2',
      'database-does-not-answer': 'P1',
      'ceiling-exceeded': 'P1',
      'progress-counters-lost': 'P3',
      'breaker-open': 'P1',
      'money-api-key-refused': 'P1',
      'money-api-slow': 'P2',
      'too-many-requests': 'P2',
      'grants-wait-too-long': 'P1',
      'grant-dead-letter-queue-not-empty': 'P2',
      'messages-given-up-by-the-queue': 'P2',
      'campaign-run-failed': 'P1',
      'redrive-failed': 'P3',
      'reconciler-not-running': 'P1',
      ...Object.fromEntries(
        JOB_NAMES.flatMap((jobName) => [
          [`job-failed-${jobName}`, 'P2'],
          [`job-completed-with-problems-${jobName}`, 'P3'],
          [`job-missing-${jobName}`, 'P2'],
          [`job-execution-failed-${jobName}`, 'P3'],
        ]),
      ),
      'grantrewards-fails': 'P1',
      'grantrewards-throttled': 'P3',
      'function-fails-wait-for-turn': 'P2',
      'function-fails-admin-api-campaigns': 'P2',
      'function-fails-admin-api-jobs': 'P2',
      'function-fails-admin-api-system': 'P2',
      'function-fails-begin-job-run': 'P2',
      'function-fails-end-job-run': 'P2',
      'function-fails-reconcile-job-runs': 'P2',
      'function-fails-plan-ranges': 'P2',
      'function-fails-sync-balances': 'P2',
      'function-fails-sweep-gone-users': 'P2',
      'function-fails-build-daily-report': 'P2',
      'function-fails-plan-usage': 'P2',
      'function-fails-collect-stores': 'P2',
      'function-fails-learn-districts': 'P2',
      'function-fails-aggregate-usage': 'P2',
      'function-fails-plan-pushes': 'P2',
      'function-fails-collect-members': 'P2',
      'function-fails-send-pushes': 'P2',
      'function-fails-notify-slack': 'P2',
      'function-fails-begin-campaign': 'P2',
      'function-fails-publish-partition': 'P2',
      'function-fails-track-progress': 'P2',
      'function-fails-finish-campaign': 'P2',
      'function-fails-collect-dead-letters': 'P2',
      'function-fails-reconcile-campaigns': 'P2',
      'function-fails-redrive-dead-letters': 'P2',
      'database-at-maximum-capacity': 'P2',
      'database-cpu-busy': 'P3',
      'redis-memory-nearly-full': 'P2',
      'redis-cpu-busy': 'P3',
      'alerts-late': 'P2',
      'alerts-lost': 'P1',
    });
  });

  test('take what is not told for good, but that nobody compares, and that an outage is over', () => {
    const byTreatment = Map.groupBy(alarms, ([, alarm]) => alarm.TreatMissingData);
    const namesOf = (treatment: string) => (byTreatment.get(treatment) ?? []).map(([name]) => name);
    const breaching = ['reconciler-not-running', ...JOB_NAMES.map((jobName) => `job-missing-${jobName}`)];
    expect(namesOf('breaching')).toEqual(breaching);
    expect(namesOf('ignore')).toEqual(['breaker-open']);
    expect(namesOf('notBreaching')).toHaveLength(alarms.size - breaching.length - 1);
  });

  test.each([
    ['breaker-open', { MetricName: 'BreakerOpen', Statistic: 'Minimum', Period: 60, EvaluationPeriods: 5 }],
    [
      'money-api-slow',
      {
        MetricName: 'MoneyLatency',
        ExtendedStatistic: 'p99',
        Threshold: 2_400,
        EvaluateLowSampleCountPercentile: 'ignore',
      },
    ],
    ['too-many-requests', { MetricName: 'MoneyTooManyRequests', Threshold: 1, EvaluationPeriods: 1 }],
    [
      'reconciler-not-running',
      { MetricName: 'Reconciliations', ComparisonOperator: 'LessThanThreshold', Threshold: 1, Period: 60 },
    ],
    // Above full speed, with a batch of each environment that began in the window before.
    ['ceiling-exceeded', { MetricName: 'MoneyCalls', Threshold: 306_040, Period: 300 }],
    // CollectDeadLetters that fails hides what it received: what is visible alone would never be for five minutes.
    ['grant-dead-letter-queue-not-empty', { ...kept('grants-dead-letter.fifo'), EvaluationPeriods: 5 }],
    // The age of the oldest message leaves out what was received three times, which is every alert that Slack refuses.
    ['alerts-late', { ...kept('alerts'), EvaluationPeriods: 15 }],
    // Messages come again ever more rarely.
    [
      'database-does-not-answer',
      { MetricName: 'MessagesUndecided', EvaluationPeriods: 10, DatapointsToAlarm: 5 },
    ],
    // A minute of work is in the queue while all is well.
    ['grants-wait-too-long', { Threshold: 660, EvaluationPeriods: 20 }],
    // The time between two runs, and two hours for the tries of one.
    ...jobAlarms('point-sync', 26),
    ...jobAlarms('coupon-usage-stats', 26),
    ...jobAlarms('coupon-usage-stats-fcm-send', 3),
    // The node that fares worst, whichever is the primary.
    ['redis-memory-nearly-full', ofNodes('DatabaseMemoryUsagePercentage', 80)],
    ['redis-cpu-busy', ofNodes('EngineCPUUtilization', 90)],
    ['failure-rate-above-one-percent', { Threshold: 1, ComparisonOperator: 'GreaterThanThreshold' }],
  ])('of %s looks at the right thing for long enough', (name, expected) => {
    expect(alarmOf(name)).toMatchObject(expected);
  });

  test('compute with what they name, and with nothing else', () => {
    for (const { Metrics: metrics, AlarmName: name } of alarms.values()) {
      const [expression] = metrics.flatMap((metric) => metric.Expression ?? []);
      if (expression === undefined) continue;
      const named = new Set(expression.match(/\b[a-z]\w*\b/g));
      const given = metrics.flatMap(({ Id, MetricStat }) => (MetricStat === undefined ? [] : Id));
      expect([name, ...named].sort()).toEqual([name, ...given].sort());
    }
  });

  test('hold up no change of what they watch: nothing is imported for them', () => {
    expect(JSON.stringify(monitoring.toJSON())).not.toContain('Fn::ImportValue');
  });
});

describe('whom alarms tell', () => {
  const topicArn = 'arn:aws:sns:ap-northeast-2:111122223333:on-call';

  test('is nobody in dev', () => {
    const dev = [...alarmsOf(synthesise(makeConfig()).monitoring).values()];
    expect(new Set(dev.map((alarm) => alarm.ActionsEnabled))).toEqual(new Set([false]));
  });

  test('is the topic of the alerts where none is named, which lets every one of them publish', () => {
    const policies = JSON.stringify(alerts.findResources('AWS::SNS::TopicPolicy'));
    const [, allowed = ''] = /:alarm:([^"*]+)\*"/.exec(policies) ?? [];
    expect(allowed).not.toBe('');
    for (const { AlarmActions, AlarmName } of alarms.values()) {
      expect(JSON.stringify(AlarmActions)).toContain(':grantline-prod-alerts');
      expect(AlarmName.startsWith(allowed)).toBe(true);
    }
  });

  test('is also the stage’s topic, when one begins and when it is over: Slack goes on', () => {
    const config = makeConfig({ stage: 'prod', alarms: { enabled: true, topicArn } });
    for (const alarm of alarmsOf(synthesise(config).monitoring).values()) {
      expect(alarm.ActionsEnabled).toBe(true);
      for (const told of [alarm.AlarmActions, alarm.OKActions]) {
        expect(told).toHaveLength(2);
        expect(JSON.stringify(told[0])).toContain(':grantline-prod-alerts');
        expect(told[1]).toBe(topicArn);
      }
    }
  });

  test('are led to the runbook where the stage says that it is', () => {
    const runbookUrl = 'https://wiki.internal/grantline/runbook';
    const config = makeConfig({ stage: 'prod', alarms: { enabled: true, runbookUrl } });
    const { monitoring: linked } = synthesise(config);
    for (const [name, { AlarmDescription }] of alarmsOf(linked)) {
      const anchor = anchorOf(alarmOf(name)) ?? '';
      expect(AlarmDescription).toMatch(new RegExp(` What to do: ${runbookUrl}#${anchor}$`));
    }
    expect(JSON.stringify(linked.toJSON())).toContain(`what to do: ${runbookUrl}.`);
  });

  test('may be said of any stage', () => {
    const config = makeConfig({ alarms: { enabled: true, topicArn } });
    const dev = [...alarmsOf(synthesise(config).monitoring).values()];
    expect(new Set(dev.map((alarm) => alarm.ActionsEnabled))).toEqual(new Set([true]));
  });
});

describe('what others run', () => {
  const { existing, redis } = {
    existing: {
      clusterArn: 'arn:aws:rds:ap-northeast-2:111122223333:cluster:shared',
      secret: { arn: 'arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:shared-AbCdEf' },
    },
    redis: { ...DEFAULT_STAGES.dev.redis, existing: { url: 'rediss://cache.internal:6379' } },
  };
  const others = synthesise(
    makeConfig({ database: { ...DEFAULT_STAGES.dev.database, existing }, redis }),
  ).monitoring;

  test('is watched by them: there is neither alarm nor widget of it', () => {
    expect([...alarmsOf(others).keys()].filter((name) => /^(database-at|redis-)/.test(name))).toEqual([]);
    const text = JSON.stringify(others.toJSON());
    expect(text).not.toContain('AWS/RDS');
    expect(text).not.toContain('AWS/ElastiCache');
  });
});

describe('metrics', () => {
  const ofJobs: readonly string[] = JOB_METRICS;
  const ownNames = (service: string) => {
    const shown = new RegExp(`Grantline\\W+([A-Z]\\w+)\\W+service\\W+${service}\\W+stage\\W+prod`, 'g');
    return [...new Set([...dashboardText.matchAll(shown)].map(([, name]) => name))].sort();
  };
  const isOfJobs = (name: string | undefined) => ofJobs.some((each) => each === name);

  test('that are shown are those that are told, and all of them, each under its service', () => {
    for (const jobName of JOB_NAMES) expect(ownNames(jobName)).toEqual([...ofJobs].sort());
    expect(ownNames('campaign-grant')).toEqual(
      Object.keys(METRICS)
        .filter((name) => !isOfJobs(name))
        .sort(),
    );
  });

  test('are told by an event or as a gauge, none for nobody', () => {
    const told = new Set([...Object.values(EVENT_METRICS).flat(), ...GAUGES]);
    expect([...told].sort()).toEqual(Object.keys(METRICS).sort());
  });

  test('of alarms are ours with our dimensions, or of what is deployed', () => {
    const watched = [...alarms.values()].flatMap(({ MetricName, Dimensions, Metrics, Namespace }) =>
      MetricName === undefined
        ? Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? [])
        : [{ Namespace, MetricName, Dimensions: Dimensions ?? [] }],
    );
    const own = watched.filter(({ Namespace }) => Namespace === 'Grantline');
    expect(own.length).toBeGreaterThan(8);
    for (const { MetricName, Dimensions } of own) {
      expect(Object.keys(METRICS)).toContain(MetricName);
      const services = isOfJobs(MetricName) ? JOB_NAMES : ['campaign-grant'];
      expect(services.map(ofService)).toContainEqual(Dimensions);
    }
    const deployed = JSON.stringify(
      [campaignGrant, data, alerts, jobs, pointSync, couponStats, adminApi].map((template) =>
        template.toJSON(),
      ),
    );
    const names = watched
      .filter(({ Namespace }) => Namespace !== 'Grantline')
      .flatMap(({ Dimensions }) => Dimensions)
      .filter(({ Name }) => Name !== 'CacheNodeId')
      .flatMap(({ Value }) => (typeof Value === 'string' ? Value : []))
      // ElastiCache numbers the nodes of a replication group.
      .map((name) => name.replace(/^(grantline-prod)-\d{3}$/, '$1'));
    expect(names.length).toBeGreaterThan(10);
    for (const name of names) expect(deployed).toContain(`"${name}"`);
  });
});

describe('the dashboard', () => {
  test('has the name of its stage', () => {
    monitoring.hasResourceProperties('AWS::CloudWatch::Dashboard', { DashboardName: 'grantline-prod' });
  });

  test('draws the ceiling, the timeout, the reservation and the most capacity of the stage', () => {
    for (const line of ['"value":1000', '"value":3000', '"value":4', '"value":32', '"value":60000']) {
      expect(dashboardText).toContain(line);
    }
  });
});

describe('the saved queries', () => {
  test('look at the logs of every function that alarms name, under the stage’s name', () => {
    const logs = [campaignGrant, alerts, jobs, pointSync, couponStats, adminApi]
      .flatMap((template) => Object.values(template.findResources('AWS::Logs::LogGroup')))
      .map((group) => logGroup.parse(group).Properties.LogGroupName)
      .filter((name) => name.startsWith('/aws/lambda/'));
    const queries = Object.values(monitoring.findResources('AWS::Logs::QueryDefinition')).map(
      (query) => savedQuery.parse(query).Properties,
    );
    expect(queries.map(({ Name }) => Name).sort()).toEqual(
      Object.keys(SAVED_QUERIES)
        .map((name) => `grantline-prod/${name}`)
        .sort(),
    );
    for (const { LogGroupNames } of queries) expect(LogGroupNames.sort()).toEqual([...logs].sort());
  });

  test('ask for each parameter that they use, and for no other', () => {
    for (const { text, parameters = {} } of Object.values(SAVED_QUERIES)) {
      const used = [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name);
      expect([...new Set(used)].sort()).toEqual(Object.keys(parameters).sort());
    }
  });
});
