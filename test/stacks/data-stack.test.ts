import { Match } from 'aws-cdk-lib/assertions';
import { describe, test } from 'vitest';
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
  test('is a serverless Valkey, reached with TLS', () => {
    const { data } = synthesise(makeConfig());
    data.hasResourceProperties('AWS::ElastiCache::ServerlessCache', { Engine: 'valkey' });
    data.hasOutput('RedisUrl', { Value: { 'Fn::Join': ['', ['rediss://', Match.anyValue(), ':6379']] } });
  });

  test('that others run is used in place of one of our own', () => {
    const existingUrl = 'rediss://redis.internal:6380';
    const { data, network } = synthesise(makeConfig({ redis: { existingUrl } }));
    data.resourceCountIs('AWS::ElastiCache::ServerlessCache', 0);
    data.hasOutput('RedisUrl', { Value: existingUrl });
    network.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Functions in the VPC',
      SecurityGroupEgress: Match.arrayWith([Match.objectLike({ FromPort: 6380 })]),
    });
  });
});
