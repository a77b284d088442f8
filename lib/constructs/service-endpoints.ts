import { InterfaceVpcEndpointAwsService, Peer, Port, SecurityGroup } from 'aws-cdk-lib/aws-ec2';
import type { ISecurityGroup, IVpc } from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ENDPOINT_SERVICES } from '../network-config.ts';
import type { EndpointService, NetworkConfig } from '../network-config.ts';

interface Endpoint {
  /** The construct's id: another one would be a second endpoint beside the first, which has its name. */
  readonly id: string;
  readonly service: InterfaceVpcEndpointAwsService;
  readonly actions: readonly string[];
}

/**
 * Exactly what functions in the VPC call, and may do there: test/stacks compares it with their roles. One that is missing
 * shows as a timeout, not as a refusal.
 */
const ENDPOINTS: Readonly<Record<EndpointService, Endpoint>> = {
  sqs: {
    id: 'Sqs',
    service: InterfaceVpcEndpointAwsService.SQS,
    actions: [
      'sqs:ChangeMessageVisibility',
      'sqs:DeleteMessage',
      'sqs:GetQueueAttributes',
      'sqs:ReceiveMessage',
      'sqs:SendMessage',
    ],
  },
  'rds-data': {
    id: 'RdsData',
    service: InterfaceVpcEndpointAwsService.RDS_DATA,
    actions: [
      'rds-data:BeginTransaction',
      'rds-data:CommitTransaction',
      'rds-data:ExecuteStatement',
      'rds-data:RollbackTransaction',
    ],
  },
  secretsmanager: {
    id: 'SecretsManager',
    service: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    actions: ['secretsmanager:GetSecretValue'],
  },
  sns: { id: 'Sns', service: InterfaceVpcEndpointAwsService.SNS, actions: ['sns:Publish'] },
  monitoring: {
    id: 'CloudWatch',
    service: InterfaceVpcEndpointAwsService.CLOUDWATCH_MONITORING,
    actions: ['cloudwatch:PutMetricData'],
  },
};

export interface ServiceEndpointsProps {
  readonly vpc: IVpc;
  /** Who reaches them. */
  readonly clients: SecurityGroup;
  readonly existing: NonNullable<NetworkConfig['existing']>['endpoints'];
}

/** The way of functions in the VPC to AWS: endpoints that let in those functions alone, for callers of this account. */
export class ServiceEndpoints extends Construct {
  constructor(scope: Construct, id: string, { vpc, clients, existing }: ServiceEndpointsProps) {
    super(scope, id);
    const https = Port.tcp(443);
    const existingServices = new Set<EndpointService>(existing?.services);
    if (existing) {
      const theirs = Peer.securityGroupId(existing.securityGroupId);
      clients.addEgressRule(theirs, https, 'AWS services, by endpoints that others run');
    }
    const missing = ENDPOINT_SERVICES.filter((service) => !existingServices.has(service));
    if (missing.length === 0) return;

    const group = new SecurityGroup(scope, 'EndpointSecurityGroup', {
      vpc,
      description: 'Interface endpoints of AWS services',
      allowAllOutbound: false,
    });
    group.addIngressRule(clients, https, 'Functions');
    clients.addEgressRule(group, https, 'AWS services');
    for (const service of missing) this.create(vpc, group, ENDPOINTS[service]);
  }

  private create(vpc: IVpc, group: ISecurityGroup, { id, service, actions }: Endpoint): void {
    const endpoint = vpc.addInterfaceEndpoint(id, { service, securityGroups: [group], open: false });
    endpoint.addToPolicy(
      new PolicyStatement({
        principals: [new AnyPrincipal()],
        actions: [...actions],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:PrincipalAccount': Stack.of(this).account } },
      }),
    );
  }
}
