import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DEFAULT_STAGES } from '../../config/default-stages.ts';
import { grantlineStacks } from '../../lib/grantline-stacks.ts';
import { existingVpc, makeConfig, synthesise, unbundledApp } from './synthesised.ts';

describe('the network', () => {
  const { network } = synthesise(makeConfig());

  test('has no way to the internet', () => {
    network.resourceCountIs('AWS::EC2::InternetGateway', 0);
    network.resourceCountIs('AWS::EC2::NatGateway', 0);
    network.resourceCountIs('AWS::EC2::Route', 0);
  });

  test('is in the range of the stage, half of which stays free', () => {
    network.hasResourceProperties('AWS::EC2::VPC', { CidrBlock: '10.64.0.0/20' });
    const subnets = z
      .record(z.string(), z.looseObject({ Properties: z.looseObject({ CidrBlock: z.string() }) }))
      .parse(network.findResources('AWS::EC2::Subnet'));
    expect(Object.values(subnets).map(({ Properties }) => Properties.CidrBlock)).toEqual([
      '10.64.0.0/22',
      '10.64.4.0/22',
    ]);
  });

  test('is told to whoever joins it to another: with the tables that take the way there', () => {
    const [vpc] = Object.keys(network.findResources('AWS::EC2::VPC'));
    const tables = Object.keys(network.findResources('AWS::EC2::RouteTable'));
    expect(tables).toHaveLength(2);
    network.hasOutput('VpcId', { Value: { Ref: vpc } });
    network.hasOutput('RouteTableIds', {
      Value: { 'Fn::Join': ['', [{ Ref: tables[0] }, ',', { Ref: tables[1] }]] },
    });
  });

  test('records its flows', () => {
    network.hasResourceProperties('AWS::EC2::FlowLog', { TrafficType: 'ALL' });
  });

  test('lets only the functions in, by port', () => {
    const ingress = Object.values(network.findResources('AWS::EC2::SecurityGroupIngress'));
    expect(ingress).toHaveLength(2);
    for (const port of [443, 6380]) {
      network.hasResourceProperties('AWS::EC2::SecurityGroupIngress', {
        FromPort: port,
        ToPort: port,
        SourceSecurityGroupId: {
          'Fn::GetAtt': [Match.stringLikeRegexp('^FunctionSecurityGroup'), 'GroupId'],
        },
      });
    }
  });

  test('lets callers of the Money API out on its port alone', () => {
    const other = synthesise(makeConfig({ money: { apiUrl: 'https://money.internal:8443/v2', tps: 100 } }));
    other.network.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Callers of the Money API',
      SecurityGroupEgress: [Match.objectLike({ FromPort: 8443, ToPort: 8443, IpProtocol: 'tcp' })],
    });
  });

  test('lets callers of the store and the notification service out on their ports alone', () => {
    const coupons = (storeServiceUrl: string, notificationServiceUrl: string) =>
      synthesise(makeConfig({ coupons: { storeServiceUrl, notificationServiceUrl } })).network;
    const out = (port: number): unknown =>
      Match.objectLike({ FromPort: port, ToPort: port, IpProtocol: 'tcp' });

    coupons('https://stores.internal:8443', 'http://notifications.internal').hasResourceProperties(
      'AWS::EC2::SecurityGroup',
      { GroupDescription: 'Callers of coupon services', SecurityGroupEgress: [out(8443), out(80)] },
    );
    coupons('https://stores.internal', 'https://notifications.internal').hasResourceProperties(
      'AWS::EC2::SecurityGroup',
      { GroupDescription: 'Callers of coupon services', SecurityGroupEgress: [out(443)] },
    );
  });
});

const OUT = (port: number, to: object): unknown =>
  Match.objectLike({ FromPort: port, ToPort: port, IpProtocol: 'tcp', ...to });
const securityGroupId = 'sg-0123456789abcdef0';

describe('functions in the VPC', () => {
  test('are all in the group that the endpoints and Redis let in', () => {
    const inVpc = z.looseObject({
      Properties: z.looseObject({ VpcConfig: z.looseObject({ SecurityGroupIds: z.array(z.unknown()) }) }),
    });
    const groups = Object.values(synthesise(makeConfig()))
      .flatMap((template) => Object.values(template.findResources('AWS::Lambda::Function')))
      .flatMap((resource) => {
        const parsed = inVpc.safeParse(resource);
        return parsed.success ? [JSON.stringify(parsed.data.Properties.VpcConfig.SecurityGroupIds)] : [];
      });

    expect(groups.length).toBeGreaterThan(5);
    for (const ids of groups) expect(ids).toContain('FunctionSecurityGroup');
  });

  test('reach the Money API and the services in the ranges that are named', () => {
    const { network } = synthesise(
      makeConfig({
        money: { apiUrl: 'https://money.internal', tps: 100, cidrs: ['10.1.0.0/16'] },
        coupons: {
          storeServiceUrl: 'https://stores.internal',
          notificationServiceUrl: 'https://notifications.internal',
          cidrs: ['10.2.0.0/16', '10.3.0.0/16'],
        },
      }),
    );
    network.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Callers of the Money API',
      SecurityGroupEgress: [OUT(443, { CidrIp: '10.1.0.0/16' })],
    });
    network.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Callers of coupon services',
      SecurityGroupEgress: [OUT(443, { CidrIp: '10.2.0.0/16' }), OUT(443, { CidrIp: '10.3.0.0/16' })],
    });
  });
});

describe('a VPC that others run', () => {
  const existing = { ...existingVpc, endpoints: { securityGroupId, services: ['sqs' as const] } };
  const { network, data, campaignGrant } = synthesise(makeConfig({ network: { existing } }));

  test('is used as it is', () => {
    for (const type of ['VPC', 'Subnet', 'RouteTable', 'FlowLog']) {
      network.resourceCountIs(`AWS::EC2::${type}`, 0);
    }
    const groups = z
      .record(z.string(), z.looseObject({ Properties: z.looseObject({ VpcId: z.string() }) }))
      .parse(network.findResources('AWS::EC2::SecurityGroup'));
    for (const { Properties } of Object.values(groups)) expect(Properties.VpcId).toBe(existing.vpcId);
    expect(Object.keys(groups)).toHaveLength(5);
  });

  test('has the functions, Aurora and the cache in the subnets that are named', () => {
    const subnetIds = existing.subnets.map(({ id }) => id);
    campaignGrant.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'grantline-dev-grant-rewards',
      VpcConfig: { SubnetIds: subnetIds },
    });
    data.hasResourceProperties('AWS::RDS::DBSubnetGroup', { SubnetIds: subnetIds });
    data.hasResourceProperties('AWS::ElastiCache::SubnetGroup', { SubnetIds: subnetIds });
  });

  test('gets no second endpoint of a service, and functions reach the one that is there', () => {
    const services = JSON.stringify(network.findResources('AWS::EC2::VPCEndpoint'));

    network.resourceCountIs('AWS::EC2::VPCEndpoint', 4);
    expect(services).not.toContain('.sqs"');
    network.hasResourceProperties('AWS::EC2::SecurityGroupEgress', {
      DestinationSecurityGroupId: {
        'Fn::GetAtt': [Match.stringLikeRegexp('^EndpointSecurityGroup'), 'GroupId'],
      },
      FromPort: 443,
    });
    network.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Functions in the VPC',
      SecurityGroupEgress: [OUT(443, { DestinationSecurityGroupId: securityGroupId })],
    });
  });

  test('takes an existing cluster and an existing Redis too: there is no database and no cache then', () => {
    const arn = (service: string, name: string) => `arn:aws:${service}:ap-northeast-2:111122223333:${name}`;
    const all = synthesise(
      makeConfig({
        network: { existing },
        database: {
          ...DEFAULT_STAGES.dev.database,
          existing: {
            clusterArn: arn('rds', 'cluster:shared'),
            secret: { arn: arn('secretsmanager', 'secret:s-AbCdEf') },
          },
        },
        redis: { ...DEFAULT_STAGES.dev.redis, existing: { url: 'rediss://redis.internal', securityGroupId } },
      }),
    );

    for (const type of [
      'AWS::RDS::DBCluster',
      'AWS::ElastiCache::ReplicationGroup',
      'AWS::EC2::SecurityGroup',
    ]) {
      all.data.resourceCountIs(type, 0);
    }
    all.network.hasOutput('FunctionSecurityGroupId', {});
    all.network.hasResourceProperties('AWS::EC2::SecurityGroup', {
      GroupDescription: 'Functions in the VPC',
      SecurityGroupEgress: Match.arrayWith([OUT(6379, { DestinationSecurityGroupId: securityGroupId })]),
    });
    expect(JSON.stringify(all.network.toJSON())).not.toContain('RedisSecurityGroup');
  });
});

test('templates are made without asking AWS, also where account and region are said', () => {
  const app = unbundledApp();
  const environment = { account: '111122223333', region: 'ap-northeast-2' };
  const { network } = grantlineStacks(app, makeConfig({ stage: 'prod', environment }));

  expect(app.synth().manifest.missing ?? []).toEqual([]);
  expect(network.account).toBe(environment.account);
});
