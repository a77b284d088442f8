import type { IVpc, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { SubnetType } from 'aws-cdk-lib/aws-ec2';
import { CfnServerlessCache } from 'aws-cdk-lib/aws-elasticache';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';

/** Where ElastiCache serverless listens; it cannot be chosen. */
export const REDIS_PORT = 6379;

export interface RedisCacheProps {
  readonly config: Config;
  readonly vpc: IVpc;
  readonly securityGroup: SecurityGroup;
}

/**
 * Valkey without servers to size. It holds counters that can be rebuilt from the database, so there are no
 * snapshots. Encryption in transit and at rest is always on.
 */
export class RedisCache extends Construct {
  readonly url: string;
  /** As text, for who only looks at it. */
  readonly plainName: string;

  constructor(scope: Construct, id: string, { config, vpc, securityGroup }: RedisCacheProps) {
    super(scope, id);
    this.plainName = `grantline-${config.stage}`;
    const cache = new CfnServerlessCache(this, 'Cache', {
      serverlessCacheName: this.plainName,
      description: 'Progress counters of running campaigns',
      engine: 'valkey',
      majorEngineVersion: '8',
      subnetIds: vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_ISOLATED }).subnetIds,
      securityGroupIds: [securityGroup.securityGroupId],
    });
    this.url = `rediss://${cache.attrEndpointAddress}:${REDIS_PORT}`;
  }
}
