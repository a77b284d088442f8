import type { IVpc, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { SubnetType } from 'aws-cdk-lib/aws-ec2';
import { CfnReplicationGroup, CfnSubnetGroup } from 'aws-cdk-lib/aws-elasticache';
import type { SecretValue } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { acknowledge } from './acknowledge.ts';

/** Not the default, which hides nothing and is what auditors ask for. */
export const REDIS_PORT = 6380;

export interface RedisCacheProps {
  readonly config: Config;
  readonly vpc: IVpc;
  readonly securityGroup: SecurityGroup;
  readonly authToken: SecretValue;
}

/**
 * Valkey on nodes, cluster mode disabled: commands over many users' keys are refused by a cluster
 * (docs/decisions/0008). There are no snapshots: counters are rebuilt from rows, and a balance that is missing is read
 * from the database, where one out of a snapshot would be an old one until the next sync.
 */
export class RedisCache extends Construct {
  readonly url: string;
  /** As text, for who only looks at them: the cache clusters, each of one node. */
  readonly plainNames: readonly string[];

  constructor(scope: Construct, id: string, { config, vpc, securityGroup, authToken }: RedisCacheProps) {
    super(scope, id);
    const { nodeType, replicas } = config.redis;
    const name = `grantline-${config.stage}`;
    const nodes = 1 + replicas;
    // So ElastiCache names them.
    this.plainNames = Array.from(
      { length: nodes },
      (_, index) => `${name}-${String(index + 1).padStart(3, '0')}`,
    );

    const subnets = new CfnSubnetGroup(this, 'Subnets', {
      cacheSubnetGroupName: name,
      description: 'Isolated subnets',
      subnetIds: vpc.selectSubnets({ subnetType: SubnetType.PRIVATE_ISOLATED }).subnetIds,
    });
    const group = new CfnReplicationGroup(this, 'ReplicationGroup', {
      replicationGroupId: name,
      replicationGroupDescription: 'Point balances, and progress counters of running campaigns',
      engine: 'valkey',
      engineVersion: '8.2',
      // When memory is full it evicts what expires and was used least lately (volatile-lru): all that we write expires.
      cacheParameterGroupName: 'default.valkey8',
      clusterMode: 'disabled',
      cacheNodeType: nodeType,
      numCacheClusters: nodes,
      automaticFailoverEnabled: replicas > 0,
      multiAzEnabled: replicas > 0,
      port: REDIS_PORT,
      cacheSubnetGroupName: name,
      securityGroupIds: [securityGroup.securityGroupId],
      transitEncryptionEnabled: true,
      // A reference to the secret: its value is in no template.
      authToken: authToken.unsafeUnwrap(),
      atRestEncryptionEnabled: true,
      autoMinorVersionUpgrade: true,
      // As the database's: Mondays at 04:30 in Seoul.
      preferredMaintenanceWindow: 'sun:19:30-sun:20:30',
      snapshotRetentionLimit: 0,
    });
    group.addResourceDependency(subnets);
    this.url = `rediss://${group.attrPrimaryEndPointAddress}:${REDIS_PORT}`;

    if (replicas === 0) {
      acknowledge(group, 'AwsSolutions-AEC4', 'One node, in dev only: what it holds can be rebuilt.');
    }
  }
}
