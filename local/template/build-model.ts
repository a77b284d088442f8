/** The part of the model that one resource makes: its evaluated properties, parsed. */
import type { AssemblyStack, Json } from './assembly.ts';
import { managedPolicy } from './access-properties.ts';
import { permission, queuePolicy, role, rolePolicy } from './build-access.ts';
import { httpApi, httpIntegration, httpRoute, httpStage } from './build-http-api.ts';
import { subscription, topic } from './build-topics.ts';
import { attribute, parse, placed } from './built-resource.ts';
import type { Resource } from './built-resource.ts';
import { refuse } from './errors.ts';
import { functionNameOf } from './function-name.ts';
import type * as model from './model.ts';
import * as properties from './properties.ts';
import { masterSecretName } from './resource-types.ts';
import type { StackScope } from './stack-scope.ts';

type Mutable<Model> = {
  -readonly [Key in keyof Model]: Model[Key] extends readonly (infer Item)[] ? Item[] : Model[Key];
};

export type GrowingModel = Mutable<model.LocalModel>;

export function emptyModel(region: string, account: string): GrowingModel {
  return {
    region,
    account,
    queues: [],
    functions: [],
    eventSourceMappings: [],
    stateMachines: [],
    schedules: [],
    scheduleGroups: [],
    rules: [],
    topics: [],
    subscriptions: [],
    httpApis: [],
    httpStages: [],
    httpRoutes: [],
    httpIntegrations: [],
    secrets: [],
    databases: [],
    caches: [],
    roles: [],
    rolePolicies: [],
    permissions: [],
    queuePolicies: [],
    triggers: [],
    outputs: [],
  };
}

/** Adds to the model what the resource asks this machine to run; most types ask for nothing. */
export function buildResource(scope: StackScope, logicalId: string, type: string, to: GrowingModel): void {
  const resource: Resource = { scope, logicalId, view: scope.view(logicalId) };
  switch (type) {
    case 'AWS::SQS::Queue':
      to.queues.push(queue(resource));
      break;
    case 'AWS::Lambda::Function':
      to.functions.push(lambdaFunction(resource));
      break;
    case 'AWS::Lambda::EventSourceMapping':
      to.eventSourceMappings.push(eventSourceMapping(resource));
      break;
    case 'AWS::StepFunctions::StateMachine':
      to.stateMachines.push(stateMachine(resource));
      break;
    case 'AWS::Scheduler::Schedule':
      to.schedules.push(schedule(resource));
      break;
    case 'AWS::Scheduler::ScheduleGroup':
      parse(properties.scheduleGroup, resource);
      to.scheduleGroups.push({ ...placed(resource), arn: attribute(resource, 'Arn') });
      break;
    case 'AWS::Events::Rule':
      to.rules.push(rule(resource));
      break;
    case 'AWS::SNS::Topic':
      to.topics.push(topic(resource));
      break;
    case 'AWS::SNS::Subscription':
      to.subscriptions.push(subscription(resource));
      break;
    case 'AWS::ApiGatewayV2::Api':
      to.httpApis.push(httpApi(resource));
      break;
    case 'AWS::ApiGatewayV2::Stage':
      to.httpStages.push(httpStage(resource));
      break;
    case 'AWS::ApiGatewayV2::Route':
      to.httpRoutes.push(httpRoute(resource));
      break;
    case 'AWS::ApiGatewayV2::Integration':
      to.httpIntegrations.push(httpIntegration(resource));
      break;
    case 'AWS::SecretsManager::Secret':
      to.secrets.push(secret(resource));
      break;
    case 'AWS::RDS::DBCluster':
      to.databases.push(database(resource));
      to.secrets.push(...masterSecrets(resource));
      break;
    case 'AWS::ElastiCache::ReplicationGroup':
      to.caches.push({ ...placed(resource), engine: parse(properties.replicationGroup, resource).Engine });
      break;
    case 'AWS::IAM::Role':
      to.roles.push(role(resource));
      break;
    case 'AWS::IAM::Policy':
      to.rolePolicies.push(rolePolicy(resource));
      break;
    case 'AWS::IAM::ManagedPolicy':
      parse(managedPolicy, resource);
      break;
    case 'AWS::Lambda::Permission':
      to.permissions.push(permission(resource));
      break;
    case 'AWS::SQS::QueuePolicy':
      to.queuePolicies.push(queuePolicy(resource));
      break;
    case 'Custom::Trigger':
      to.triggers.push({
        ...placed(resource),
        functionName: functionNameOf(parse(properties.trigger, resource).HandlerArn),
      });
      break;
  }
}

function queue(resource: Resource): model.QueueModel {
  const parsed = parse(properties.queue, resource);
  const attributes: Record<string, string> = {};
  for (const [name, value] of Object.entries(parsed)) {
    // CreateQueue takes the name apart, and FifoQueue only when it is true.
    if (value === undefined || value === false || name === 'QueueName') continue;
    attributes[name] = typeof value === 'object' ? JSON.stringify(value) : String(value);
  }
  return {
    ...placed(resource),
    url: attribute(resource, 'QueueUrl'),
    arn: attribute(resource, 'Arn'),
    fifo: parsed.FifoQueue,
    visibilityTimeoutSeconds: parsed.VisibilityTimeout,
    redrivePolicy: parsed.RedrivePolicy,
    attributes,
  };
}

function lambdaFunction(resource: Resource): model.FunctionModel {
  const { view, scope } = resource;
  const parsed = parse(properties.lambdaFunction, resource);
  return {
    ...placed(resource),
    arn: attribute(resource, 'Arn'),
    handler: parsed.Handler,
    codeDirectory:
      assetOf(scope.stack, parsed.Code.S3Key) ?? refuse(view, `its code ${parsed.Code.S3Key}: no such asset`),
    environment: parsed.Environment?.Variables ?? {},
    timeoutSeconds: parsed.Timeout,
    memoryMegabytes: parsed.MemorySize,
    reservedConcurrency: parsed.ReservedConcurrentExecutions,
    logGroupName: parsed.LoggingConfig?.LogGroup ?? `/aws/lambda/${view.name}`,
    roleArn: parsed.Role,
    isTraced: parsed.TracingConfig?.Mode === 'Active',
    isInVpc: parsed.VpcConfig !== undefined,
  };
}

function assetOf(stack: AssemblyStack, key: string): string | undefined {
  return stack.assets.get(key);
}

function eventSourceMapping(resource: Resource): model.EventSourceMappingModel {
  const parsed = parse(properties.eventSourceMapping, resource);
  const { account, endpoints } = resource.view;
  const queueName = parsed.EventSourceArn.split(':').at(-1) ?? '';
  return {
    stack: resource.view.stack,
    logicalId: resource.logicalId,
    functionName: functionNameOf(parsed.FunctionName),
    queueArn: parsed.EventSourceArn,
    queueUrl: `${endpoints.sqsUrl}/${account}/${queueName}`,
    batchSize: parsed.BatchSize,
    maximumConcurrency: parsed.ScalingConfig?.MaximumConcurrency,
    reportBatchItemFailures: parsed.FunctionResponseTypes.includes('ReportBatchItemFailures'),
    enabled: parsed.Enabled,
  };
}

function stateMachine(resource: Resource): model.StateMachineModel {
  const parsed = parse(properties.stateMachine, resource);
  const definition =
    parsed.DefinitionString ??
    parsed.Definition ??
    refuse(resource.view, 'a definition outside the template');
  return {
    ...placed(resource),
    arn: attribute(resource, 'Arn'),
    type: parsed.StateMachineType,
    definition: substituted(definition, parsed.DefinitionSubstitutions ?? {}),
    roleArn: parsed.RoleArn,
    isTraced: parsed.TracingConfiguration?.Enabled === true,
    isLogged: parsed.LoggingConfiguration !== undefined && parsed.LoggingConfiguration.Level !== 'OFF',
  };
}

/** DefinitionSubstitutions: ${name} in the definition. */
function substituted(definition: Record<string, Json>, values: Record<string, string>): Record<string, Json> {
  if (Object.keys(values).length === 0) return definition;
  const replaced = (value: Json): Json => {
    if (typeof value === 'string')
      return value.replace(/\$\{(\w+)\}/g, (whole, key: string) => values[key] ?? whole);
    if (Array.isArray(value)) return value.map(replaced);
    return value === null || typeof value !== 'object' ? value : replacedEntries(value);
  };
  const replacedEntries = (object: Record<string, Json>) =>
    Object.fromEntries(Object.entries(object).map(([key, value]) => [key, replaced(value)]));
  return replacedEntries(definition);
}

function schedule(resource: Resource): model.ScheduleModel {
  const parsed = parse(properties.schedule, resource);
  return {
    ...placed(resource),
    groupName: parsed.GroupName,
    arn: attribute(resource, 'Arn'),
    expression: parsed.ScheduleExpression,
    timezone: parsed.ScheduleExpressionTimezone,
    enabled: parsed.State === 'ENABLED',
    target: {
      arn: parsed.Target.Arn,
      input: parsed.Target.Input,
      maximumRetryAttempts: parsed.Target.RetryPolicy.MaximumRetryAttempts,
      maximumEventAgeSeconds: parsed.Target.RetryPolicy.MaximumEventAgeInSeconds,
      roleArn: parsed.Target.RoleArn,
    },
  };
}

function rule(resource: Resource): model.RuleModel {
  const { EventPattern, State, Targets } = parse(properties.rule, resource);
  return {
    ...placed(resource),
    arn: attribute(resource, 'Arn'),
    enabled: State === 'ENABLED',
    pattern: EventPattern,
    targets: Targets.map(({ Id, Arn, RetryPolicy }) => ({
      id: Id,
      functionArn: Arn,
      maximumRetryAttempts: RetryPolicy.MaximumRetryAttempts,
    })),
  };
}

function secret(resource: Resource): model.SecretModel {
  const { SecretString, GenerateSecretString: generate } = parse(properties.secret, resource);
  return {
    ...placed(resource),
    arn: attribute(resource, 'Id'),
    value: SecretString,
    generate: generate && {
      passwordLength: generate.PasswordLength,
      excludeCharacters: generate.ExcludeCharacters,
      excludePunctuation: generate.ExcludePunctuation,
      template: generate.SecretStringTemplate,
      generateStringKey: generate.GenerateStringKey,
    },
  };
}

function database(resource: Resource): model.DatabaseModel {
  const parsed = parse(properties.databaseCluster, resource);
  const { stack, logicalId, name } = placed(resource);
  return {
    stack,
    logicalId,
    identifier: name,
    arn: attribute(resource, 'DBClusterArn'),
    engine: parsed.Engine,
    databaseName: parsed.DatabaseName,
    dataApi: parsed.EnableHttpEndpoint,
  };
}

/** With ManageMasterUserPassword RDS makes the secret that no resource of the template is. */
function masterSecrets(resource: Resource): model.SecretModel[] {
  if (!parse(properties.databaseCluster, resource).ManageMasterUserPassword) return [];
  const { MasterUsername } = parse(properties.managedMasterUser, resource);
  const generate = {
    passwordLength: 28,
    excludeCharacters: '/@" ',
    excludePunctuation: false,
    template: JSON.stringify({ username: MasterUsername }),
    generateStringKey: 'password',
  };
  const { name, ...place } = placed(resource);
  const arn = attribute(resource, 'MasterUserSecret.SecretArn');
  return [{ ...place, name: masterSecretName(name), arn, value: undefined, generate }];
}
