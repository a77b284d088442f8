import {
  FlowLogDestination,
  IpAddresses,
  Peer,
  Port,
  SecurityGroup,
  SubnetType,
  Vpc,
} from 'aws-cdk-lib/aws-ec2';
import type { IVpc } from 'aws-cdk-lib/aws-ec2';
import { CfnOutput, Fn, Stack } from 'aws-cdk-lib/core';
import type { StackProps } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { acknowledge } from '../constructs/acknowledge.ts';
import { logGroupFor } from '../constructs/log-group.ts';
import { REDIS_PORT } from '../constructs/redis-cache.ts';
import { ServiceEndpoints } from '../constructs/service-endpoints.ts';
import { settleProvider } from '../constructs/settle-provider.ts';
import type { NetworkConfig } from '../network-config.ts';
import { portOf } from '../url-port.ts';

export interface NetworkStackProps extends StackProps {
  readonly config: Config;
}

/**
 * A network without a way out: no internet gateway, no NAT. Functions in it reach AWS through endpoints, and the Money
 * API (and a Redis that others run) through what the operator attaches to these subnets: a peering, a transit gateway or
 * PrivateLink. Functions that need neither run outside.
 */
export class NetworkStack extends Stack {
  readonly vpc: IVpc;
  /** Of every function in the VPC: reaches the endpoints and Redis. */
  readonly functionSecurityGroup: SecurityGroup;
  /** Of the one function that calls the Money API, in addition. */
  readonly moneyClientSecurityGroup: SecurityGroup;
  /** Of those that ask the store or the notification service, in addition. */
  readonly serviceClientSecurityGroup: SecurityGroup;
  /** Of the cache: takes in the functions. Undefined where others run it. */
  readonly redisSecurityGroup: SecurityGroup | undefined;

  constructor(scope: Construct, id: string, { config, ...props }: NetworkStackProps) {
    super(scope, id, { description: 'Grantline: the network', ...props });

    const { existing, cidr } = config.network;
    if (existing) this.vpc = this.importVpc(existing);
    else if (cidr !== undefined) this.vpc = this.createVpc(config, cidr);
    else throw new Error('unreachable: the configuration says one of the two');

    this.functionSecurityGroup = this.securityGroup('FunctionSecurityGroup', 'Functions in the VPC');
    this.moneyClientSecurityGroup = this.securityGroup(
      'MoneyClientSecurityGroup',
      'Callers of the Money API',
    );
    this.serviceClientSecurityGroup = this.securityGroup(
      'ServiceClientSecurityGroup',
      'Callers of coupon services',
    );
    this.redisSecurityGroup = this.reachRedis(config);
    new ServiceEndpoints(this, 'ServiceEndpoints', {
      vpc: this.vpc,
      clients: this.functionSecurityGroup,
      existing: existing?.endpoints,
    });

    const { money, coupons } = config;
    letOut(this.moneyClientSecurityGroup, money.cidrs, portOf(money.apiUrl), 'Money API');
    for (const port of new Set([coupons.storeServiceUrl, coupons.notificationServiceUrl].map(portOf))) {
      letOut(this.serviceClientSecurityGroup, coupons.cidrs, port, 'Store and notification service');
    }

    // Who runs an existing Redis, or existing endpoints, lets it in.
    new CfnOutput(this, 'FunctionSecurityGroupId', { value: this.functionSecurityGroup.securityGroupId });
  }

  /** The first two, by name at deploy: with an account and region that are said CDK would ask AWS at synth. */
  override get availabilityZones(): string[] {
    const zones = Fn.getAzs();
    return [Fn.select(0, zones), Fn.select(1, zones)];
  }

  private createVpc(config: Config, cidr: string): IVpc {
    const vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr(cidr),
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [
        {
          name: 'isolated',
          subnetType: SubnetType.PRIVATE_ISOLATED,
          // A quarter each: what is attached later finds a half that is free.
          cidrMask: Number(cidr.split('/')[1]) + 2,
        },
      ],
      restrictDefaultSecurityGroup: true,
      flowLogs: {
        Flows: {
          destination: FlowLogDestination.toCloudWatchLogs(
            logGroupFor(this, 'FlowLogs', config, `/grantline/${config.stage}/vpc-flows`),
          ),
        },
      },
    });
    settleProvider(this, 'Custom::VpcRestrictDefaultSGCustomResourceProvider', {
      config,
      name: 'restrict-default-security-group',
    });
    // Whoever runs the network of the Money API peers with the one, and adds the way back to the others.
    new CfnOutput(this, 'VpcId', { value: vpc.vpcId });
    new CfnOutput(this, 'RouteTableIds', {
      value: vpc.isolatedSubnets.map(({ routeTable }) => routeTable.routeTableId).join(','),
    });
    // CDK's classes are not written for exactOptionalPropertyTypes: tsc does not see that a Vpc is an IVpc.
    return vpc as IVpc;
  }

  private importVpc({ vpcId, subnets }: NonNullable<NetworkConfig['existing']>): IVpc {
    const vpc = Vpc.fromVpcAttributes(this, 'Vpc', {
      vpcId,
      availabilityZones: subnets.map(({ availabilityZone }) => availabilityZone),
      isolatedSubnetIds: subnets.map((subnet) => subnet.id),
    });
    acknowledge(
      vpc,
      'Annotation::@aws-cdk/aws-ec2:noSubnetRouteTableId',
      'Routes are the business of who runs the VPC: interface endpoints need none.',
    );
    return vpc;
  }

  private securityGroup(id: string, description: string): SecurityGroup {
    return new SecurityGroup(this, id, { vpc: this.vpc, description, allowAllOutbound: false });
  }

  /** @returns the group of a cache of our own */
  private reachRedis({ redis: { existing } }: Config): SecurityGroup | undefined {
    if (existing === undefined) {
      const cache = this.securityGroup('RedisSecurityGroup', 'Redis');
      cache.addIngressRule(this.functionSecurityGroup, Port.tcp(REDIS_PORT), 'Functions');
      this.functionSecurityGroup.addEgressRule(cache, Port.tcp(REDIS_PORT), 'Redis');
      return cache;
    }
    const peer =
      existing.securityGroupId === undefined
        ? Peer.anyIpv4()
        : Peer.securityGroupId(existing.securityGroupId);
    const port = Port.tcp(portOf(existing.url));
    this.functionSecurityGroup.addEgressRule(peer, port, 'Redis, which others run');
    return undefined;
  }
}

/** Where that is is for its owner to say: without ranges the routes of the subnets limit it. */
function letOut(group: SecurityGroup, cidrs: readonly string[] | undefined, port: number, to: string): void {
  const peers = cidrs === undefined ? [Peer.anyIpv4()] : cidrs.map((cidr) => Peer.ipv4(cidr));
  for (const peer of peers) group.addEgressRule(peer, Port.tcp(port), to);
}
