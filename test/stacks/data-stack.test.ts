import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { STAGES } from '../../config/stages.ts';
import { makeConfig, synthesise } from './synthesised.ts';

const existing = {
  clusterArn: 'arn:aws:rds:ap-northeast-2:111122223333:cluster:shared',
  secretArn: 'arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:shared-AbCdEf',
};

describe('the database', () => {
  const { data } = synthesise(makeConfig());

  test('is an encrypted Aurora with the Data API on', () => {
    data.hasResourceProperties('AWS::RDS::DBCluster', {
      Engine: 'aurora-mysql',
      EnableHttpEndpoint: true,
      StorageEncrypted: true,
      ManageMasterUserPassword: true,
    });
  });

  test('speaks local time and utf8mb4', () => {
    data.hasResourceProperties('AWS::RDS::DBClusterParameterGroup', {
      Parameters: Match.objectLike({ time_zone: 'Asia/Seoul', character_set_server: 'utf8mb4' }),
    });
  });

  test('is reached by nobody over the network', () => {
    data.resourceCountIs('AWS::EC2::SecurityGroupIngress', 0);
  });

  test.each([
    ['dev', false, 'Delete'],
    ['staging', true, 'Retain'],
    ['prod', true, 'Retain'],
  ] as const)('in %s has deletion protection: %s', (stage, protectedFromDeletion, policy) => {
    const { data: template } = synthesise(makeConfig({ stage }));
    template.hasResource('AWS::RDS::DBCluster', {
      Properties: Match.objectLike({
        DeletionProtection: protectedFromDeletion,
        BackupRetentionPeriod: STAGES[stage].database.backupDays,
      }),
      DeletionPolicy: policy,
    });
  });

  test('that others run is used in place of one of our own', () => {
    const other = synthesise(makeConfig({ database: { ...STAGES.dev.database, existing } }));
    other.data.resourceCountIs('AWS::RDS::DBCluster', 0);
    other.data.resourceCountIs('AWS::RDS::DBInstance', 0);
    other.data.hasOutput('DatabaseResourceArn', { Value: existing.clusterArn });
    other.data.hasOutput('DatabaseSecretArn', { Value: existing.secretArn });
    other.data.resourceCountIs('Custom::Trigger', 1);
  });
});

describe('the migrations', () => {
  const { data } = synthesise(makeConfig());

  test('run at deploy once the writer is up', () => {
    const [writer] = Object.keys(data.findResources('AWS::RDS::DBInstance'));
    data.hasResource('Custom::Trigger', { DependsOn: Match.arrayWith([writer]) });
  });

  test('run again for a new version of their function', () => {
    data.hasResourceProperties('Custom::Trigger', {
      ExecuteOnHandlerChange: true,
      HandlerArn: { Ref: Match.stringLikeRegexp('CurrentVersion') },
    });
  });
});

describe('Redis', () => {
  const { data: prod } = synthesise(makeConfig({ stage: 'prod' }));

  test('is no cluster, which would refuse commands over the keys of many users', () => {
    prod.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', {
      Engine: 'valkey',
      ClusterMode: 'disabled',
      CacheParameterGroupName: 'default.valkey8',
      NumNodeGroups: Match.absent(),
    });
    prod.resourceCountIs('AWS::ElastiCache::ServerlessCache', 0);
  });

  test('is encrypted on the way and at rest, and reached at its primary with TLS', () => {
    const [group] = Object.keys(prod.findResources('AWS::ElastiCache::ReplicationGroup'));
    prod.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', {
      TransitEncryptionEnabled: true,
      AtRestEncryptionEnabled: true,
      AutoMinorVersionUpgrade: true,
    });
    prod.hasOutput('RedisUrl', {
      Value: {
        'Fn::Join': ['', ['rediss://', { 'Fn::GetAtt': [group, 'PrimaryEndPoint.Address'] }, ':6379']],
      },
    });
  });

  test.each([
    ['dev', 1, false],
    ['staging', 2, true],
    ['prod', 2, true],
  ] as const)(
    'in %s has %i nodes, and one that takes over in another zone: %s',
    (stage, nodes, takesOver) => {
      const { data } = synthesise(makeConfig({ stage }));
      data.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', {
        NumCacheClusters: nodes,
        AutomaticFailoverEnabled: takesOver,
        MultiAZEnabled: takesOver,
        CacheNodeType: STAGES[stage].redis.nodeType,
      });
    },
  );

  test('is not replaced by a deployment that renames a construct: its balances would be gone', () => {
    expect(Object.keys(prod.findResources('AWS::ElastiCache::ReplicationGroup'))).toEqual([
      'RedisReplicationGroup3B65AB4E',
    ]);
  });

  test('keeps no snapshot, out of which old balances would come back', () => {
    prod.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', { SnapshotRetentionLimit: 0 });
  });

  test('that others run is used in place of one of our own', () => {
    const url = 'rediss://redis.internal:6380';
    const { data, network } = synthesise(makeConfig({ redis: { ...STAGES.dev.redis, existing: { url } } }));
    data.resourceCountIs('AWS::ElastiCache::ReplicationGroup', 0);
    data.hasOutput('RedisUrl', { Value: url });
    network.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Functions in the VPC',
      SecurityGroupEgress: Match.arrayWith([Match.objectLike({ FromPort: 6380 })]),
    });
  });
});
