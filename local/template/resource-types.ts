/**
 * What `Ref` and `Fn::GetAtt` of each resource type give on this machine: one small entry a type. A type that is in
 * no list here is refused, so that a template never says something that silently does not happen.
 * Source: the "Return values" of each type in the CloudFormation resource reference.
 */
import { createHash } from 'node:crypto';
import type { Json } from './assembly.ts';
import type { Place } from './errors.ts';

/** Where the services listen that templates name by attribute: known to the runtime, never to a template. */
export interface Endpoints {
  /** Base URL of the SQS endpoint, http://host:port. */
  readonly sqsUrl: string;
  /** Base URL of each HTTP API that listens by now, by its id. */
  readonly httpApiUrls: ReadonlyMap<string, string>;
  readonly database: { readonly host: string; readonly port: number };
  readonly cache: { readonly host: string; readonly port: number };
}

/** One resource, as an entry of the table sees it. */
export interface ResourceView extends Place {
  readonly type: string;
  /** The physical name: the template's own, or one made of the stack's name and the logical id. */
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly endpoints: Endpoints;
  /** An evaluated property; undefined when absent. */
  readonly property: (name: string) => Json | undefined;
  readonly textProperty: (name: string) => string;
}

type Give = (resource: ResourceView) => Json;

export interface ResourceType {
  /** The property that holds the physical name when the template gives one. */
  readonly nameProperty?: string;
  /** What a generated name must end in. */
  readonly nameSuffix?: (property: (name: string) => Json | undefined) => string;
  readonly ref: Give;
  readonly attributes: Readonly<Partial<Record<string, Give>>>;
}

const name: Give = (resource) => resource.name;
const arn = (service: string, path: string): Give => {
  return ({ region, account, name }) => `arn:aws:${service}:${region}:${account}:${path}${name}`;
};
const globalArn = (path: string): Give => {
  return ({ account, name }) => `arn:aws:iam::${account}:${path}${name}`;
};
/** Secrets Manager adds six characters to a secret's name, so that an ARN names one secret for ever. */
const secretArn: Give = (resource) => arnOfSecret(resource, resource.name);
/** The secret that RDS itself makes and keeps for a cluster with ManageMasterUserPassword. */
const masterSecretArn: Give = (resource) => arnOfSecret(resource, masterSecretName(resource.name));
const queueUrl: Give = ({ endpoints, account, name }) => `${endpoints.sqsUrl}/${account}/${name}`;
/** What AWS makes up as a resource's id: here the same at every start. */
const generatedId = (length: number) => {
  return ({ stack, logicalId }: Place): string => shortHash(`${stack}-${logicalId}`, length);
};
const httpApiId = generatedId(10);
const httpIntegrationId = generatedId(7);
const httpRouteId = generatedId(7);
const queryDefinitionId = generatedId(32);
/** SNS makes a subscription's ARN of its topic's. */
const subscriptionArn: Give = ({ stack, logicalId, textProperty }) =>
  `${textProperty('TopicArn')}:${shortHash(`${stack}-${logicalId}`, 32)}`;

const running: Readonly<Partial<Record<string, ResourceType>>> = {
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    nameSuffix: (property) => (property('FifoQueue') === true ? '.fifo' : ''),
    ref: queueUrl,
    attributes: { Arn: arn('sqs', ''), QueueName: name, QueueUrl: queueUrl },
  },
  'AWS::Lambda::Function': {
    nameProperty: 'FunctionName',
    ref: name,
    attributes: { Arn: arn('lambda', 'function:') },
  },
  'AWS::Lambda::EventSourceMapping': { ref: name, attributes: { Id: name } },
  'AWS::StepFunctions::StateMachine': {
    nameProperty: 'StateMachineName',
    ref: arn('states', 'stateMachine:'),
    attributes: { Arn: arn('states', 'stateMachine:'), Name: name },
  },
  'AWS::Scheduler::ScheduleGroup': {
    nameProperty: 'Name',
    ref: name,
    attributes: { Arn: arn('scheduler', 'schedule-group/') },
  },
  'AWS::Scheduler::Schedule': {
    nameProperty: 'Name',
    ref: name,
    attributes: {
      Arn: ({ region, account, name, property, textProperty }) => {
        const group = property('GroupName') === undefined ? 'default' : textProperty('GroupName');
        return `arn:aws:scheduler:${region}:${account}:schedule/${group}/${name}`;
      },
    },
  },
  // Ref of a rule of the default bus; of another bus's it would be `bus|name`.
  'AWS::Events::Rule': {
    nameProperty: 'Name',
    ref: name,
    attributes: { Arn: arn('events', 'rule/') },
  },
  'AWS::SNS::Topic': {
    nameProperty: 'TopicName',
    ref: arn('sns', ''),
    attributes: { TopicArn: arn('sns', ''), TopicName: name },
  },
  'AWS::SNS::Subscription': { ref: subscriptionArn, attributes: { Arn: subscriptionArn } },
  'AWS::ApiGatewayV2::Api': {
    nameProperty: 'Name',
    ref: httpApiId,
    attributes: {
      ApiId: httpApiId,
      ApiEndpoint: (api) => api.endpoints.httpApiUrls.get(httpApiId(api)) ?? 'http://not-listening-yet',
    },
  },
  'AWS::ApiGatewayV2::Stage': { ref: ({ textProperty }) => textProperty('StageName'), attributes: {} },
  'AWS::ApiGatewayV2::Route': { ref: httpRouteId, attributes: { RouteId: httpRouteId } },
  'AWS::ApiGatewayV2::Integration': {
    ref: httpIntegrationId,
    attributes: { IntegrationId: httpIntegrationId },
  },
  'AWS::SecretsManager::Secret': { nameProperty: 'Name', ref: secretArn, attributes: { Id: secretArn } },
  'AWS::RDS::DBCluster': {
    nameProperty: 'DBClusterIdentifier',
    ref: name,
    attributes: {
      DBClusterArn: arn('rds', 'cluster:'),
      DBClusterResourceId: name,
      'MasterUserSecret.SecretArn': masterSecretArn,
      'Endpoint.Address': ({ endpoints }) => endpoints.database.host,
      'Endpoint.Port': ({ endpoints }) => String(endpoints.database.port),
      'ReadEndpoint.Address': ({ endpoints }) => endpoints.database.host,
    },
  },
  'AWS::ElastiCache::ReplicationGroup': {
    nameProperty: 'ReplicationGroupId',
    ref: name,
    attributes: {
      'PrimaryEndPoint.Address': ({ endpoints }) => endpoints.cache.host,
      'PrimaryEndPoint.Port': ({ endpoints }) => String(endpoints.cache.port),
      'ReaderEndPoint.Address': ({ endpoints }) => endpoints.cache.host,
      'ReaderEndPoint.Port': ({ endpoints }) => String(endpoints.cache.port),
    },
  },
  'AWS::IAM::Role': {
    nameProperty: 'RoleName',
    ref: name,
    attributes: { Arn: globalArn('role/'), RoleId: name },
  },
  'AWS::IAM::Policy': { nameProperty: 'PolicyName', ref: name, attributes: {} },
  'AWS::Lambda::Permission': { ref: name, attributes: {} },
  'AWS::SQS::QueuePolicy': { ref: name, attributes: {} },
  'Custom::Trigger': { ref: name, attributes: {} },
};

/** Known to need nothing on this machine, but referred to by what does. */
const referredTo: Readonly<Partial<Record<string, ResourceType>>> = {
  'AWS::Lambda::Version': {
    ref: ({ textProperty, ...rest }) => `${functionArn(textProperty('FunctionName'), rest)}:1`,
    attributes: {
      Version: () => '1',
      FunctionArn: ({ textProperty, ...rest }) => `${functionArn(textProperty('FunctionName'), rest)}:1`,
    },
  },
  'AWS::Lambda::Alias': {
    nameProperty: 'Name',
    ref: ({ textProperty, ...rest }) => `${functionArn(textProperty('FunctionName'), rest)}:${rest.name}`,
    attributes: {
      AliasArn: ({ textProperty, ...rest }) =>
        `${functionArn(textProperty('FunctionName'), rest)}:${rest.name}`,
    },
  },
  // Its Ref is the secret's ARN, which is how CDK makes whatever reads the secret wait for the attachment.
  'AWS::SecretsManager::SecretTargetAttachment': {
    ref: ({ textProperty }) => textProperty('SecretId'),
    attributes: {},
  },
  'AWS::Logs::LogGroup': {
    nameProperty: 'LogGroupName',
    ref: name,
    attributes: {
      Arn: ({ region, account, name }) => `arn:aws:logs:${region}:${account}:log-group:${name}:*`,
    },
  },
  'AWS::IAM::ManagedPolicy': {
    ref: globalArn('policy/'),
    attributes: { PolicyArn: globalArn('policy/') },
  },
  // Nothing watches metrics here, but alarms are named by other alarms, by dashboards and by outputs.
  'AWS::CloudWatch::Alarm': {
    nameProperty: 'AlarmName',
    ref: name,
    attributes: { Arn: arn('cloudwatch', 'alarm:') },
  },
  'AWS::CloudWatch::CompositeAlarm': {
    nameProperty: 'AlarmName',
    ref: name,
    attributes: { Arn: arn('cloudwatch', 'alarm:') },
  },
  'AWS::CloudWatch::Dashboard': { nameProperty: 'DashboardName', ref: name, attributes: {} },
  'AWS::Logs::QueryDefinition': {
    ref: queryDefinitionId,
    attributes: { QueryDefinitionId: queryDefinitionId },
  },
  'AWS::KMS::Key': { ref: name, attributes: { Arn: arn('kms', 'key/'), KeyId: name } },
  'AWS::KMS::Alias': { nameProperty: 'AliasName', ref: name, attributes: {} },
  'AWS::EC2::VPC': {
    ref: name,
    attributes: { VpcId: name, DefaultSecurityGroup: ({ name: vpc }) => `${vpc}-default` },
  },
  'AWS::EC2::SecurityGroup': { ref: name, attributes: { GroupId: name, Id: name } },
};

/** Known to need nothing here: network, what watches over AWS's own parts, and CDK's own records. */
const nothingToRun = [
  'AWS::CDK::Metadata',
  'AWS::EC2::EIP',
  'AWS::EC2::FlowLog',
  'AWS::EC2::InternetGateway',
  'AWS::EC2::NatGateway',
  'AWS::EC2::Route',
  'AWS::EC2::RouteTable',
  'AWS::EC2::SecurityGroupEgress',
  'AWS::EC2::SecurityGroupIngress',
  'AWS::EC2::Subnet',
  'AWS::EC2::SubnetRouteTableAssociation',
  'AWS::EC2::VPCEndpoint',
  'AWS::EC2::VPCGatewayAttachment',
  'AWS::ElastiCache::SubnetGroup',
  'AWS::Logs::MetricFilter',
  'AWS::Logs::ResourcePolicy',
  'AWS::RDS::DBClusterParameterGroup',
  'AWS::RDS::DBInstance',
  'AWS::RDS::DBParameterGroup',
  'AWS::RDS::DBSubnetGroup',
  'AWS::SecretsManager::ResourcePolicy',
  'AWS::SecretsManager::RotationSchedule',
  'AWS::SNS::TopicPolicy',
  // The function that empties the default security group is CDK's own; there is no VPC here.
  'Custom::VpcRestrictDefaultSG',
];

const table: Readonly<Partial<Record<string, ResourceType>>> = {
  ...Object.fromEntries(nothingToRun.map((type) => [type, { ref: name, attributes: {} }])),
  ...referredTo,
  ...running,
};

export function resourceType(type: string): ResourceType | undefined {
  return table[type];
}

/**
 * A physical name as CloudFormation would make one, without its random part: the same at every start. 64 characters
 * is the shortest limit of the types that run (functions and schedules).
 */
export function generatedName(place: Place, suffix: string): string {
  const whole = `${place.stack}-${place.logicalId}`;
  const room = 64 - suffix.length;
  return (whole.length <= room ? whole : `${whole.slice(0, room - 9)}-${shortHash(whole, 8)}`) + suffix;
}

export function masterSecretName(clusterName: string): string {
  return `rds!${clusterName}`;
}

function arnOfSecret({ region, account }: Pick<ResourceView, 'region' | 'account'>, secret: string): string {
  return `arn:aws:secretsmanager:${region}:${account}:secret:${secret}-${shortHash(secret, 6)}`;
}

/** A function's ARN from its name, or from its ARN with or without a qualifier. */
function functionArn(
  nameOrArn: string,
  { region, account }: Pick<ResourceView, 'region' | 'account'>,
): string {
  return nameOrArn.startsWith('arn:')
    ? nameOrArn.split(':').slice(0, 7).join(':')
    : `arn:aws:lambda:${region}:${account}:function:${nameOrArn}`;
}

function shortHash(text: string, length: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, length);
}
