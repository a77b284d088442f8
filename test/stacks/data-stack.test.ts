import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DEFAULT_STAGES } from '../../config/default-stages.ts';
import { makeConfig, synthesise } from './synthesised.ts';

const existing = {
  clusterArn: 'arn:aws:rds:ap-northeast-2:111122223333:cluster:shared',
  secret: { arn: 'arn:aws:secretsmanager:ap-northeast-2:111122223333:secret:shared-AbCdEf' },
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

  test('takes minor versions by itself, apart from its backups', () => {
    data.hasResourceProperties('AWS::RDS::DBInstance', { AutoMinorVersionUpgrade: true });
    data.hasResourceProperties('AWS::RDS::DBCluster', {
      PreferredBackupWindow: '19:00-19:30',
      PreferredMaintenanceWindow: 'Sun:19:30-Sun:20:30',
    });
  });

  test.each([
    ['dev', false],
    ['prod', true],
  ] as const)('in %s tells which statements take the time: %s', (stage, tells) => {
    const { data: template } = synthesise(makeConfig({ stage }));
    template.hasResourceProperties('AWS::RDS::DBCluster', { PerformanceInsightsEnabled: tells });
    template.allResourcesProperties('AWS::RDS::DBInstance', { EnablePerformanceInsights: tells });
  });

  test('writes no text of statements into a log: it would have the rows’ values', () => {
    data.hasResourceProperties('AWS::RDS::DBCluster', { EnableCloudwatchLogsExports: ['audit', 'error'] });
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
    ['staging', true, 'RetainExceptOnCreate'],
    ['prod', true, 'RetainExceptOnCreate'],
  ] as const)('in %s has deletion protection: %s', (stage, protectedFromDeletion, policy) => {
    const { data: template } = synthesise(makeConfig({ stage }));
    template.hasResource('AWS::RDS::DBCluster', {
      Properties: Match.objectLike({
        DeletionProtection: protectedFromDeletion,
        BackupRetentionPeriod: DEFAULT_STAGES[stage].database.backupDays,
      }),
      DeletionPolicy: policy,
    });
  });

  test.each([
    ['dev', 0],
    ['staging', 0],
    ['prod', 1],
  ] as const)('in %s has %i instances besides its writer, to take its place', (stage, readers) => {
    const { data: template } = synthesise(makeConfig({ stage }));

    template.resourceCountIs('AWS::RDS::DBInstance', 1 + readers);
    // What is in tier 0 or 1 scales with the writer, and is the first to take over.
    template.resourcePropertiesCountIs('AWS::RDS::DBInstance', { PromotionTier: 1 }, readers);
    template.allResourcesProperties('AWS::RDS::DBInstance', { DBInstanceClass: 'db.serverless' });
  });

  test('that others run is used in place of one of our own', () => {
    const other = synthesise(makeConfig({ database: { ...DEFAULT_STAGES.dev.database, existing } }));
    other.data.resourceCountIs('AWS::RDS::DBCluster', 0);
    other.data.resourceCountIs('AWS::RDS::DBInstance', 0);
    other.data.hasOutput('DatabaseResourceArn', { Value: existing.clusterArn });
    other.data.hasOutput('DatabaseSecretArn', { Value: existing.secret.arn });
    other.data.resourceCountIs('Custom::Trigger', 1);
  });
});

describe('the migrations', () => {
  const { data } = synthesise(makeConfig());

  test('run at deploy once the writer is up', () => {
    const [writer] = Object.keys(data.findResources('AWS::RDS::DBInstance'));
    data.hasResource('Custom::Trigger', { DependsOn: Match.arrayWith([writer]) });
  });

  test('outlast neither the call nor the function of CDK that waits for them', () => {
    const seconds = z.looseObject({
      Properties: z.looseObject({ Timeout: z.coerce.number(), FunctionName: z.string().optional() }),
    });
    const timeouts = Object.values(data.findResources('AWS::Lambda::Function')).map(
      (resource) => seconds.parse(resource).Properties,
    );
    const migrate = timeouts.find(({ FunctionName }) => FunctionName === 'grantline-dev-migrate');
    const waiting = timeouts.find(({ FunctionName }) => FunctionName === undefined);

    expect(migrate?.Timeout).toBe(840);
    data.hasResourceProperties('Custom::Trigger', { Timeout: '870000' });
    expect(waiting?.Timeout).toBe(900);
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
        'Fn::Join': ['', ['rediss://', { 'Fn::GetAtt': [group, 'PrimaryEndPoint.Address'] }, ':6380']],
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
        CacheNodeType: DEFAULT_STAGES[stage].redis.nodeType,
      });
    },
  );

  test('is not replaced by a deployment that renames a construct: its balances would be gone', () => {
    expect(Object.keys(prod.findResources('AWS::ElastiCache::ReplicationGroup'))).toEqual([
      'RedisReplicationGroup3B65AB4E',
    ]);
  });

  test('asks for a password, which is in a secret and in no template', () => {
    const secrets = prod.findResources('AWS::SecretsManager::Secret', {
      Properties: { Name: 'grantline/prod/REDIS_AUTH_TOKEN' },
    });
    const [secret] = Object.keys(secrets);
    expect(secret).toBeDefined();
    prod.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', {
      AuthToken: {
        'Fn::Join': ['', ['{{resolve:secretsmanager:', { Ref: secret }, ':SecretString:::}}']],
      },
    });
    // What ElastiCache takes.
    prod.hasResourceProperties('AWS::SecretsManager::Secret', {
      GenerateSecretString: { PasswordLength: 64, ExcludePunctuation: true },
    });
  });

  test('is reached by functions that may read the password of it, and know where it is', () => {
    const { campaignGrant, pointSync } = synthesise(makeConfig());
    for (const [template, name] of [
      [campaignGrant, 'grantline-dev-grant-rewards'],
      [pointSync, 'grantline-dev-sync-balances'],
    ] as const) {
      const secretArn = { 'Fn::ImportValue': Match.stringLikeRegexp('RedisAuthTokenSecret') };
      template.hasResourceProperties('AWS::Lambda::Function', {
        FunctionName: name,
        Environment: { Variables: Match.objectLike({ REDIS_AUTH_TOKEN_SECRET_ARN: secretArn }) },
      });
      template.hasResourceProperties('AWS::IAM::Policy', {
        PolicyDocument: {
          Statement: Match.arrayWith([
            Match.objectLike({
              Action: 'secretsmanager:GetSecretValue',
              Resource: Match.arrayWith([secretArn]),
            }),
          ]),
        },
      });
    }
  });

  test('keeps no snapshot, out of which old balances would come back', () => {
    prod.hasResourceProperties('AWS::ElastiCache::ReplicationGroup', { SnapshotRetentionLimit: 0 });
  });

  test('that others run is used in place of one of our own', () => {
    const url = 'rediss://redis.internal:6380';
    const { data, network, campaignGrant } = synthesise(
      makeConfig({ redis: { ...DEFAULT_STAGES.dev.redis, existing: { url } } }),
    );
    data.resourceCountIs('AWS::ElastiCache::ReplicationGroup', 0);
    data.hasOutput('RedisUrl', { Value: url });
    data.resourceCountIs('AWS::SecretsManager::Secret', 0);
    campaignGrant.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'grantline-dev-grant-rewards',
      Environment: { Variables: Match.objectLike({ REDIS_AUTH_TOKEN_SECRET_ARN: '' }) },
    });
    network.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Functions in the VPC',
      SecurityGroupEgress: Match.arrayWith([Match.objectLike({ FromPort: 6380 })]),
    });
  });

  test('that others run is asked with the password of a secret of theirs', () => {
    const existing = { url: 'rediss://redis.internal', authTokenSecret: { name: 'shared/redis' } };
    const { data, campaignGrant } = synthesise(
      makeConfig({ redis: { ...DEFAULT_STAGES.dev.redis, existing } }),
    );

    data.resourceCountIs('AWS::SecretsManager::Secret', 0);
    const policies = Object.values(campaignGrant.findResources('AWS::IAM::Policy'));
    const readers = policies.filter((policy) =>
      JSON.stringify(policy).includes(':secret:shared/redis-??????'),
    );
    const users = Object.values(campaignGrant.findResources('AWS::Lambda::Function')).filter((resource) =>
      JSON.stringify(resource).includes('REDIS_URL'),
    );
    expect(readers.length).toBe(users.length);
    expect(users.length).toBeGreaterThan(3);
  });
});
