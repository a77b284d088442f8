import {
  FlowLogDestination,
  InterfaceVpcEndpointAwsService,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';

import { Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { acknowledgeProvider } from '../constructs/acknowledge.ts';
import { REDIS_PORT } from '../constructs/redis-cache.ts';
import { logGroupFor } from '../constructs/log-group.ts';
import { portOf } from '../url-port.ts';

export interface NetworkStackProps extends StackProps {
  readonly config: Config;
}

/**
 * A network without a way out: no internet gateway, no NAT. Functions in it reach AWS through the endpoints
 * below, and the Money API (and a Redis that others run) through what the operator attaches to these subnets: a
 * peering, a transit gateway or PrivateLink. Functions that need neither run outside.
 */
export class NetworkStack extends Stack {
  readonly vpc: IVpc;
  /** Of every function in the VPC: reaches the endpoints and Redis. */
  readonly functionSecurityGroup: SecurityGroup;
  /** Of the one function that calls the Money API, in addition. */
  readonly moneyClientSecurityGroup: SecurityGroup;
  /** Of those that ask the store or the notification service, in addition. */
  readonly serviceClientSecurityGroup: SecurityGroup;
  /** Of the cache: takes in the functions. */
  readonly redisSecurityGroup: SecurityGroup;

  constructor(scope: Construct, id: string, { config, ...props }: NetworkStackProps) {
    super(scope, id, { description: 'Grantline: the network', ...props });

    const created = new Vpc(this, 'Vpc', {
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'isolated', subnetType: SubnetType.PRIVATE_ISOLATED }],
      restrictDefaultSecurityGroup: true,
      flowLogs: {
        Flows: {
          destination: FlowLogDestination.toCloudWatchLogs(
            logGroupFor(this, 'FlowLogs', config, `/grantline/${config.stage}/vpc-flows`),
          ),
        },
      },
    });

    // CDK's classes are not written for exactOptionalPropertyTypes: tsc does not see that a Vpc is an IVpc.
    const vpc = created as IVpc;
    this.vpc = vpc;

    const securityGroup = (name: string, description: string): SecurityGroup =>
      new SecurityGroup(this, name, { vpc, description, allowAllOutbound: false });

    this.functionSecurityGroup = securityGroup('FunctionSecurityGroup', 'Functions in the VPC');
    this.moneyClientSecurityGroup = securityGroup('MoneyClientSecurityGroup', 'Callers of the Money API');
    this.serviceClientSecurityGroup = securityGroup(
      'ServiceClientSecurityGroup',
      'Callers of coupon services',
    );
    this.redisSecurityGroup = securityGroup('RedisSecurityGroup', 'Redis');
    const endpoints = securityGroup('EndpointSecurityGroup', 'Interface endpoints of AWS services');

    const https = Port.tcp(443);
    endpoints.addIngressRule(this.functionSecurityGroup, https, 'Functions');
    this.functionSecurityGroup.addEgressRule(endpoints, https, 'AWS services');

    const { existingUrl } = config.redis;
    if (existingUrl === undefined) {
      const redis = Port.tcp(REDIS_PORT);
      this.redisSecurityGroup.addIngressRule(this.functionSecurityGroup, redis, 'Functions');
      this.functionSecurityGroup.addEgressRule(this.redisSecurityGroup, redis, 'Redis');
    } else {
      const port = Port.tcp(portOf(existingUrl));
      this.functionSecurityGroup.addEgressRule(Peer.anyIpv4(), port, 'Redis, which others run');
    }
    // Where the Money API's address is, is for its owner to say: the routes of the subnets limit it.
    const money = Port.tcp(portOf(config.money.apiUrl));
    this.moneyClientSecurityGroup.addEgressRule(Peer.anyIpv4(), money, 'Money API');

    const { storeServiceUrl, notificationServiceUrl } = config.coupons;
    for (const port of new Set([storeServiceUrl, notificationServiceUrl].map(portOf))) {
      const services = 'Store and notification service';
      this.serviceClientSecurityGroup.addEgressRule(Peer.anyIpv4(), Port.tcp(port), services);
    }

    for (const [name, service] of Object.entries(ENDPOINTS)) {
      vpc.addInterfaceEndpoint(name, { service, securityGroups: [endpoints], open: false });
    }

    acknowledgeProvider(this, 'Custom::VpcRestrictDefaultSGCustomResourceProvider');
  }
}

/** Exactly what functions in the VPC call; one that is missing shows as a timeout, not as a refusal. */
const ENDPOINTS = {
  Sqs: InterfaceVpcEndpointAwsService.SQS,
  RdsData: InterfaceVpcEndpointAwsService.RDS_DATA,
  SecretsManager: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  Sns: InterfaceVpcEndpointAwsService.SNS,
  CloudWatch: InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
};
