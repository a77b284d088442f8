import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { DatabaseAccess } from '../constructs/database-access.ts';
import { DatabaseCluster } from '../constructs/database-cluster.ts';
import { DatabaseMigrations } from '../constructs/database-migrations.ts';
import { OperatorSecret } from '../constructs/operator-secret.ts';
import { RedisAccess } from '../constructs/redis-access.ts';
import { RedisCache } from '../constructs/redis-cache.ts';
import type { ExistingSecret } from '../existing-config.ts';
import type { NetworkStack } from './network-stack.ts';

export interface DataStackProps extends StackProps {
  readonly config: Config;
  readonly network: NetworkStack;
}

/** The database with its tables, and Redis: created, or those that others run. */
export class DataStack extends Stack {
  readonly database: DatabaseAccess;
  readonly redis: RedisAccess;
  /** Names of the cluster and of the cache's nodes, as text for who only looks at them; none where others run them. */
  readonly plainNames: { readonly cluster: string | undefined; readonly cacheNodes: readonly string[] };

  constructor(scope: Construct, id: string, { config, network, ...props }: DataStackProps) {
    super(scope, id, { description: 'Grantline: database and Redis', ...props });

    const { existing, name: databaseName } = config.database;
    let clusterName: string | undefined;
    if (existing) {
      this.database = new DatabaseAccess({ ...existing, databaseName });
      new DatabaseMigrations(this, 'Migrations', { config, database: this.database });
    } else {
      const cluster = new DatabaseCluster(this, 'Database', { config, vpc: network.vpc });
      const { clusterArn, secretArn } = cluster;
      clusterName = cluster.plainName;
      this.database = new DatabaseAccess({ clusterArn, secret: { arn: secretArn }, databaseName });
      new DatabaseMigrations(this, 'Migrations', { config, database: this.database }).runAfter(cluster);
    }

    const { redis, cacheNodes } = this.redisOf(config, network);
    this.redis = redis;
    this.plainNames = { cluster: clusterName, cacheNodes };

    new CfnOutput(this, 'DatabaseResourceArn', { value: this.database.environment.DATABASE_RESOURCE_ARN });
    new CfnOutput(this, 'DatabaseName', { value: this.database.environment.DATABASE_NAME });
    new CfnOutput(this, 'DatabaseSecretArn', { value: this.database.environment.DATABASE_SECRET_ARN });
    new CfnOutput(this, 'RedisUrl', { value: this.redis.environment.REDIS_URL });
  }

  private redisOf(config: Config, { vpc, redisSecurityGroup }: NetworkStack) {
    const { existing } = config.redis;
    if (existing !== undefined) {
      const { url, authTokenSecret } = existing;
      const authToken = authTokenSecret && this.redisAuthToken(config, authTokenSecret);
      return { redis: new RedisAccess(url, authToken), cacheNodes: [] };
    }
    if (redisSecurityGroup === undefined)
      throw new Error('unreachable: the network has the group of our own');
    const authToken = this.redisAuthToken(config);
    const cache = new RedisCache(this, 'Redis', {
      config,
      vpc,
      securityGroup: redisSecurityGroup,
      authToken: authToken.value,
    });
    return { redis: new RedisAccess(cache.url, authToken), cacheNodes: cache.plainNames };
  }

  private redisAuthToken(config: Config, existing?: ExistingSecret) {
    return new OperatorSecret(this, 'RedisAuthToken', {
      config,
      name: 'REDIS_AUTH_TOKEN',
      description: 'The password of Redis (AUTH)',
      variable: 'REDIS_AUTH_TOKEN_SECRET_ARN',
      existing,
      // ElastiCache takes 16 to 128 characters, and of punctuation only some.
      generate: { passwordLength: 64, excludePunctuation: true },
      whyNotRotated:
        'ElastiCache holds the same token: both change together, by the runbook, while the old one still holds.',
    });
  }
}
