/** What a stage costs in a month in which nothing runs: counted in its templates, at the list prices. */
import type { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import { LIST_PRICES, STANDING_PRICES } from '../../cli/plan/prices.ts';
import type { Config } from '../../lib/config.ts';
import { JOB_NAMES } from '../../schema/jobs.ts';
import { JOB_METRICS, METRICS } from '../../schema/metrics.ts';
import type { Templates } from '../stacks/synthesised.ts';

const HOURS_A_MONTH = 730;

const cache = z.object({
  CacheNodeType: z.enum(Object.keys(STANDING_PRICES.cacheNodes)),
  NumCacheClusters: z.number(),
});
const endpoint = z.object({ VpcEndpointType: z.literal('Interface'), SubnetIds: z.array(z.unknown()) });
const alarm = z.object({ Metrics: z.array(z.object({ MetricStat: z.unknown().optional() })).optional() });
const cluster = z.object({ ManageMasterUserPassword: z.boolean() });

/** A line of the README's table: what there is, and USD a month. */
interface Part {
  readonly what: string;
  readonly usd: number;
}

export function standingCost(templates: Templates, { database }: Config): readonly Part[] {
  const all = Object.values(templates);
  const count = (type: string) => propertiesOf(all, type, z.unknown()).length;
  const { aurora } = LIST_PRICES;
  const { endpoints, cacheNodes, keys, secrets, cloudWatch } = STANDING_PRICES;

  const instances = count('AWS::RDS::DBInstance');
  const nodes = propertiesOf(all, 'AWS::ElastiCache::ReplicationGroup', cache);
  const reached = propertiesOf(all, 'AWS::EC2::VPCEndpoint', endpoint);
  const zones = Math.max(...reached.map(({ SubnetIds }) => SubnetIds.length));
  const ofRds = propertiesOf(all, 'AWS::RDS::DBCluster', cluster).filter(
    (each) => each.ManageMasterUserPassword,
  );
  const secretCount = count('AWS::SecretsManager::Secret') + ofRds.length;
  const watched = propertiesOf(all, 'AWS::CloudWatch::Alarm', alarm)
    .map(
      ({ Metrics }) =>
        (Metrics ?? [{ MetricStat: true }]).filter((each) => each.MetricStat !== undefined).length,
    )
    .reduce((sum, metrics) => sum + metrics, 0);
  const ofJobs: readonly string[] = JOB_METRICS;
  const ourOwn =
    Object.keys(METRICS).filter((name) => !ofJobs.includes(name)).length + ofJobs.length * JOB_NAMES.length;

  return [
    {
      what: `${instances === 1 ? '' : `${instances} × `}${database.capacity.min} ACU`,
      usd: instances * database.capacity.min * aurora.perCapacityUnitHour * HOURS_A_MONTH,
    },
    {
      what: nodes
        .map(({ NumCacheClusters, CacheNodeType }) => `${NumCacheClusters} × ${CacheNodeType}`)
        .join(', '),
      usd: nodes
        .map(({ NumCacheClusters, CacheNodeType }) => NumCacheClusters * priceOf(CacheNodeType, cacheNodes))
        .reduce((sum, perHour) => sum + perHour * HOURS_A_MONTH, 0),
    },
    {
      what: `${reached.length} × ${zones}`,
      usd: reached.length * zones * endpoints.perZoneHour * HOURS_A_MONTH,
    },
    {
      what: `${count('AWS::KMS::Key')}, ${secretCount}`,
      usd: count('AWS::KMS::Key') * keys.perKeyMonth + secretCount * secrets.perSecretMonth,
    },
    {
      what: `${watched}, ${ourOwn}, ${count('AWS::CloudWatch::Dashboard')}`,
      usd:
        watched * cloudWatch.perAlarmMetricMonth +
        ourOwn * cloudWatch.perMetricMonth +
        count('AWS::CloudWatch::Dashboard') * cloudWatch.perDashboardMonth,
    },
  ];
}

function propertiesOf<T>(templates: readonly Template[], type: string, properties: z.ZodType<T>): T[] {
  const resource = z.object({ Properties: properties });
  return templates.flatMap((template) =>
    Object.values(template.findResources(type)).map((each) => resource.parse(each).Properties),
  );
}

function priceOf(node: string, prices: Readonly<Record<string, number>>): number {
  const price = prices[node];
  if (price === undefined) throw new Error(`cli/plan/prices.ts has no price of ${node}`);
  return price;
}
