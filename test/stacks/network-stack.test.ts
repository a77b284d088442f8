import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { makeConfig, synthesise } from './synthesised.ts';

describe('the network', () => {
  const { network } = synthesise(makeConfig());

  test('has no way to the internet', () => {
    network.resourceCountIs('AWS::EC2::InternetGateway', 0);
    network.resourceCountIs('AWS::EC2::NatGateway', 0);
    network.resourceCountIs('AWS::EC2::Route', 0);
  });

  test('has an endpoint for each service that its functions call, and for no other', () => {
    const endpoints = Object.values(network.findResources('AWS::EC2::VPCEndpoint'));
    const names = endpoints.map(
      (endpoint) => JSON.stringify(endpoint).match(/\.(sqs|sns|rds-data|secretsmanager|monitoring)"/)?.[1],
    );
    expect(names.sort()).toEqual(['monitoring', 'rds-data', 'secretsmanager', 'sns', 'sqs']);
  });

  test('records its flows', () => {
    network.hasResourceProperties('AWS::EC2::FlowLog', { TrafficType: 'ALL' });
  });

  test('lets only the functions in, by port', () => {
    const ingress = Object.values(network.findResources('AWS::EC2::SecurityGroupIngress'));
    expect(ingress).toHaveLength(2);
    for (const port of [443, 6379]) {
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
