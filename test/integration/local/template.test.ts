import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { readAssembly } from '../../../local/template/assembly.ts';
import { resolveAssembly } from '../../../local/template/resolve.ts';

const endpoints = {
  sqsUrl: 'http://127.0.0.1:9324',
  httpApiUrls: new Map<string, string>(),
  database: { host: '127.0.0.1', port: 3307 },
  cache: { host: '127.0.0.1', port: 6380 },
};

interface TemplateParts {
  readonly Resources?: object;
  readonly Outputs?: object;
  readonly Conditions?: object;
  readonly Mappings?: object;
  readonly Parameters?: object;
}

const directories: string[] = [];
afterEach(async () => {
  await Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true })));
});

/** Writes an assembly as `cdk synth` does; a stack depends on the ones before it, and the manifest names it first. */
async function makeAssembly(stacks: Record<string, TemplateParts>): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'assembly-'));
  directories.push(directory);
  const names = Object.keys(stacks);
  const artifacts = names.toReversed().map((name): [string, object] => [
    name,
    {
      type: 'aws:cloudformation:stack',
      environment: 'aws://unknown-account/unknown-region',
      properties: { templateFile: `${name}.template.json` },
      dependencies: names.slice(0, names.indexOf(name)),
    },
  ]);
  const assets = {
    files: {
      code: {
        source: { path: 'asset.code', packaging: 'zip' },
        destinations: { here: { bucketName: 'assets', objectKey: 'code.zip' } },
      },
    },
  };
  await mkdir(join(directory, 'asset.code'));
  await write(join(directory, 'manifest.json'), { version: '1', artifacts: Object.fromEntries(artifacts) });
  for (const [name, template] of Object.entries(stacks)) {
    await write(join(directory, `${name}.template.json`), template);
    await write(join(directory, `${name}.assets.json`), assets);
  }
  return directory;
}

const write = (file: string, content: object) => writeFile(file, JSON.stringify(content));

const resolve = async (stacks: Record<string, TemplateParts>) =>
  resolveAssembly(await readAssembly(await makeAssembly(stacks)), endpoints);

const ROLE = 'arn:aws:iam::000000000000:role/x';

const makeFunction = (properties: object = {}) => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    Code: { S3Bucket: 'assets', S3Key: 'code.zip' },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: ROLE,
    ...properties,
  },
});

const KEY = 'arn:aws:kms:ap-northeast-2:000000000000:key/x';

const makePolicy = (Statement: object) => ({
  Type: 'AWS::IAM::Policy',
  Properties: { PolicyName: 'p', Roles: ['work'], PolicyDocument: { Statement } },
});

const makeRule = (properties: object = {}) => ({
  Type: 'AWS::Events::Rule',
  Properties: { EventPattern: { source: ['aws.states'] }, State: 'ENABLED', ...properties },
});

const makeSubscription = (properties: object = {}) => ({
  Type: 'AWS::SNS::Subscription',
  Properties: {
    TopicArn: { Ref: 'Events' },
    Protocol: 'sqs',
    Endpoint: { 'Fn::GetAtt': ['Jobs', 'Arn'] },
    ...properties,
  },
});

interface HttpApiOverrides {
  readonly route?: object;
  readonly integration?: object;
  readonly stage?: object;
}

/** An API of one route to a function, as CDK writes it. */
const makeHttpApi = ({ route, integration, stage }: HttpApiOverrides = {}) => ({
  Work: makeFunction(),
  Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'admin', ProtocolType: 'HTTP' } },
  Stage: {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: {
      ApiId: { Ref: 'Api' },
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 10 },
      ...stage,
    },
  },
  Integration: {
    Type: 'AWS::ApiGatewayV2::Integration',
    Properties: {
      ApiId: { Ref: 'Api' },
      IntegrationType: 'AWS_PROXY',
      IntegrationUri: { 'Fn::GetAtt': ['Work', 'Arn'] },
      PayloadFormatVersion: '2.0',
      ...integration,
    },
  },
  Route: {
    Type: 'AWS::ApiGatewayV2::Route',
    Properties: {
      ApiId: { Ref: 'Api' },
      AuthorizationType: 'NONE',
      RouteKey: 'GET /campaigns/{id}',
      Target: { 'Fn::Join': ['', ['integrations/', { Ref: 'Integration' }]] },
      ...route,
    },
  },
});

const topicAndQueue = { Events: { Type: 'AWS::SNS::Topic' }, Jobs: { Type: 'AWS::SQS::Queue' } };

const environmentOf = async (Variables: object, parts: TemplateParts = {}) => {
  const { functions } = await resolve({
    App: { ...parts, Resources: { ...parts.Resources, Work: makeFunction({ Environment: { Variables } }) } },
  });
  return functions[0]?.environment;
};

describe('what a template asks for', () => {
  it('resolves queues with their redrive policies, and mappings from queue to function', async () => {
    const model = await resolve({
      App: {
        Resources: {
          Failed: { Type: 'AWS::SQS::Queue', Properties: { FifoQueue: true } },
          Jobs: {
            Type: 'AWS::SQS::Queue',
            Properties: {
              QueueName: 'jobs.fifo',
              FifoQueue: true,
              VisibilityTimeout: 180,
              RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Failed', 'Arn'] }, maxReceiveCount: 5 },
            },
          },
          Work: makeFunction({ Timeout: 30, MemorySize: 256, ReservedConcurrentExecutions: 7 }),
          Mapping: {
            Type: 'AWS::Lambda::EventSourceMapping',
            Properties: {
              EventSourceArn: { 'Fn::GetAtt': ['Jobs', 'Arn'] },
              FunctionName: { Ref: 'Work' },
              BatchSize: 10,
              ScalingConfig: { MaximumConcurrency: 7 },
              FunctionResponseTypes: ['ReportBatchItemFailures'],
            },
          },
        },
      },
    });

    const failedArn = 'arn:aws:sqs:ap-northeast-2:000000000000:App-Failed.fifo';
    expect(model.queues[1]).toMatchObject({
      name: 'jobs.fifo',
      url: 'http://127.0.0.1:9324/000000000000/jobs.fifo',
      redrivePolicy: { deadLetterTargetArn: failedArn, maxReceiveCount: 5 },
      attributes: { FifoQueue: 'true', VisibilityTimeout: '180' },
    });
    expect(model.functions[0]).toMatchObject({
      name: 'App-Work',
      timeoutSeconds: 30,
      memoryMegabytes: 256,
      reservedConcurrency: 7,
      codeDirectory: expect.stringContaining('asset.code') as unknown,
    });
    expect(model.eventSourceMappings[0]).toMatchObject({
      functionName: 'App-Work',
      queueUrl: model.queues[1]?.url,
      maximumConcurrency: 7,
      reportBatchItemFailures: true,
      enabled: true,
    });
  });

  it('parses a state machine definition that is joined from parts', async () => {
    const definition = '{"StartAt":"Work","States":{"Work":{"Type":"Task","End":true,"Resource":"';
    const { stateMachines } = await resolve({
      App: {
        Resources: {
          Work: makeFunction(),
          Run: {
            Type: 'AWS::StepFunctions::StateMachine',
            Properties: {
              RoleArn: ROLE,
              DefinitionString: { 'Fn::Join': ['', [definition, { 'Fn::GetAtt': ['Work', 'Arn'] }, '"}}}']] },
            },
          },
        },
      },
    });

    expect(stateMachines[0]?.definition).toMatchObject({
      States: { Work: { Resource: 'arn:aws:lambda:ap-northeast-2:000000000000:function:App-Work' } },
    });
  });

  it('invokes the handler of a deployment trigger, and runs none of CloudFormation’s own functions', async () => {
    const { functions, triggers } = await resolve({
      App: {
        Resources: {
          Migrate: makeFunction(),
          Version: { Type: 'AWS::Lambda::Version', Properties: { FunctionName: { Ref: 'Migrate' } } },
          Provider: makeFunction({ Handler: '__entrypoint__.handler' }),
          Trigger: {
            Type: 'Custom::Trigger',
            Properties: {
              ServiceToken: { 'Fn::GetAtt': ['Provider', 'Arn'] },
              HandlerArn: { Ref: 'Version' },
            },
          },
        },
      },
    });

    expect(functions.map(({ name }) => name)).toEqual(['App-Migrate']);
    expect(triggers.map(({ functionName }) => functionName)).toEqual(['App-Migrate']);
  });

  it('follows imports from stack to stack, in whatever order the manifest names them', async () => {
    const { functions } = await resolve({
      Data: {
        Resources: {
          Cache: { Type: 'AWS::ElastiCache::ReplicationGroup', Properties: { Engine: 'valkey' } },
        },
        Outputs: {
          Port: { Value: { 'Fn::GetAtt': ['Cache', 'PrimaryEndPoint.Port'] }, Export: { Name: 'Data:Port' } },
        },
      },
      App: {
        Resources: {
          Work: makeFunction({ Environment: { Variables: { PORT: { 'Fn::ImportValue': 'Data:Port' } } } }),
        },
      },
    });

    expect(functions[0]?.environment).toEqual({ PORT: '6380' });
  });

  it('resolves rules of the default bus with their patterns and functions', async () => {
    const { rules } = await resolve({
      App: {
        Resources: {
          Work: makeFunction(),
          Failed: { Type: 'AWS::SQS::Queue' },
          Run: {
            Type: 'AWS::StepFunctions::StateMachine',
            Properties: {
              RoleArn: ROLE,
              DefinitionString: '{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}',
            },
          },
          Rule: makeRule({
            EventPattern: {
              source: ['aws.states'],
              detail: { status: ['FAILED', { prefix: 'TIMED' }], stateMachineArn: [{ Ref: 'Run' }] },
            },
            Targets: [
              {
                Id: 'Target0',
                Arn: { 'Fn::GetAtt': ['Work', 'Arn'] },
                RetryPolicy: { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 3600 },
                DeadLetterConfig: { Arn: { 'Fn::GetAtt': ['Failed', 'Arn'] } },
              },
            ],
          }),
          // What lets the rule call the function changes nothing here.
          Permission: {
            Type: 'AWS::Lambda::Permission',
            Properties: {
              Action: 'lambda:InvokeFunction',
              FunctionName: { 'Fn::GetAtt': ['Work', 'Arn'] },
              Principal: 'events.amazonaws.com',
              SourceArn: { 'Fn::GetAtt': ['Rule', 'Arn'] },
            },
          },
        },
      },
    });

    expect(rules).toEqual([
      {
        stack: 'App',
        logicalId: 'Rule',
        name: 'App-Rule',
        arn: 'arn:aws:events:ap-northeast-2:000000000000:rule/App-Rule',
        enabled: true,
        pattern: {
          source: [{ kind: 'equals', value: 'aws.states' }],
          detail: {
            status: [
              { kind: 'equals', value: 'FAILED' },
              { kind: 'prefix', prefix: 'TIMED' },
            ],
            stateMachineArn: [
              {
                kind: 'equals',
                value: 'arn:aws:states:ap-northeast-2:000000000000:stateMachine:App-Run',
              },
            ],
          },
        },
        targets: [
          {
            id: 'Target0',
            functionArn: 'arn:aws:lambda:ap-northeast-2:000000000000:function:App-Work',
            maximumRetryAttempts: 2,
          },
        ],
      },
    ]);
  });

  it('resolves topics, and subscriptions of queues with their filters', async () => {
    const { topics, subscriptions, outputs } = await resolve({
      App: {
        Resources: {
          Events: { Type: 'AWS::SNS::Topic', Properties: { TopicName: 'events', DisplayName: 'Events' } },
          Jobs: { Type: 'AWS::SQS::Queue' },
          Bound: makeSubscription({
            RawMessageDelivery: true,
            FilterPolicy: { routingKey: ['a.b', { prefix: 'c.' }], size: [{ numeric: ['>', 1, '<=', 5] }] },
            RedrivePolicy: { deadLetterTargetArn: { 'Fn::GetAtt': ['Jobs', 'Arn'] } },
          }),
          Policy: { Type: 'AWS::SNS::TopicPolicy', Properties: { Topics: [{ Ref: 'Events' }] } },
        },
        Outputs: {
          Topic: { Value: { Ref: 'Events' } },
          Name: { Value: { 'Fn::GetAtt': ['Events', 'TopicName'] } },
          Bound: { Value: { Ref: 'Bound' } },
        },
      },
    });

    const arn = 'arn:aws:sns:ap-northeast-2:000000000000:events';
    const place = { stack: 'App', logicalId: 'Events' };
    expect(topics).toEqual([{ ...place, name: 'events', arn, displayName: 'Events' }]);
    expect(subscriptions).toEqual([
      {
        stack: 'App',
        logicalId: 'Bound',
        arn: expect.stringMatching(`^${arn}:[0-9a-f]{32}$`) as unknown,
        topicArn: arn,
        queueArn: 'arn:aws:sqs:ap-northeast-2:000000000000:App-Jobs',
        rawMessageDelivery: true,
        filterPolicy: { routingKey: ['a.b', { prefix: 'c.' }], size: [{ numeric: ['>', 1, '<=', 5] }] },
      },
    ]);
    expect(outputs.map(({ value }) => value)).toEqual([arn, 'events', subscriptions[0]?.arn]);
  });

  it('resolves an HTTP API with its routes, and its address where it listens', async () => {
    const assembly = await readAssembly(
      await makeAssembly({
        App: {
          Resources: makeHttpApi(),
          Outputs: { Url: { Value: { 'Fn::GetAtt': ['Api', 'ApiEndpoint'] } } },
        },
      }),
    );
    const model = resolveAssembly(assembly, endpoints);
    const [api] = model.httpApis;

    expect(api).toMatchObject({ name: 'admin', id: expect.stringMatching(/^[0-9a-f]{10}$/) as unknown });
    expect(model.httpStages.map(({ apiId }) => apiId)).toEqual([api?.id]);
    expect(model.httpIntegrations).toEqual([
      {
        stack: 'App',
        logicalId: 'Integration',
        apiId: api?.id,
        id: expect.any(String) as unknown,
        functionArn: 'arn:aws:lambda:ap-northeast-2:000000000000:function:App-Work',
        timeoutMilliseconds: 30_000,
      },
    ]);
    expect(model.httpRoutes).toEqual([
      {
        stack: 'App',
        logicalId: 'Route',
        apiId: api?.id,
        routeKey: 'GET /campaigns/{id}',
        integrationId: model.httpIntegrations[0]?.id,
      },
    ]);
    const httpApiUrls = new Map([[api?.id ?? '', 'http://127.0.0.1:4611']]);
    const { outputs } = resolveAssembly(assembly, { ...endpoints, httpApiUrls });
    expect(outputs.map(({ value }) => value)).toEqual(['http://127.0.0.1:4611']);
  });

  it('names alarms, dashboards and saved queries, which it does not run', async () => {
    const { outputs } = await resolve({
      App: {
        Resources: {
          Late: { Type: 'AWS::CloudWatch::Alarm', Properties: { AlarmName: 'late' } },
          Any: { Type: 'AWS::CloudWatch::CompositeAlarm' },
          Board: { Type: 'AWS::CloudWatch::Dashboard', Properties: { DashboardName: 'grants' } },
          Query: { Type: 'AWS::Logs::QueryDefinition' },
        },
        Outputs: {
          AlarmName: { Value: { Ref: 'Late' } },
          AlarmArn: { Value: { 'Fn::GetAtt': ['Late', 'Arn'] } },
          CompositeArn: { Value: { 'Fn::GetAtt': ['Any', 'Arn'] } },
          Board: { Value: { Ref: 'Board' } },
          Query: { Value: { 'Fn::GetAtt': ['Query', 'QueryDefinitionId'] } },
        },
      },
    });

    expect(outputs.map(({ value }) => value)).toEqual([
      'late',
      'arn:aws:cloudwatch:ap-northeast-2:000000000000:alarm:late',
      'arn:aws:cloudwatch:ap-northeast-2:000000000000:alarm:App-Any',
      'grants',
      expect.stringMatching(/^[0-9a-f]{32}$/),
    ]);
  });

  it('gives the secret that RDS manages for a cluster', async () => {
    const { secrets, databases, outputs } = await resolve({
      App: {
        Resources: {
          Db: {
            Type: 'AWS::RDS::DBCluster',
            Properties: { Engine: 'aurora-mysql', ManageMasterUserPassword: true, MasterUsername: 'app' },
          },
        },
        Outputs: { Secret: { Value: { 'Fn::GetAtt': ['Db', 'MasterUserSecret.SecretArn'] } } },
      },
    });

    expect(databases[0]?.arn).toBe('arn:aws:rds:ap-northeast-2:000000000000:cluster:App-Db');
    expect(outputs).toEqual([{ stack: 'App', name: 'Secret', value: secrets[0]?.arn }]);
  });
});

describe('intrinsic functions', () => {
  it('substitutes, splits, selects, encodes and maps', async () => {
    const variables = {
      SUB: { 'Fn::Sub': ['${AWS::Region}/${name}/${Jobs.QueueName}/${!kept}', { name: 'x' }] },
      SELECT: { 'Fn::Select': ['1', { 'Fn::Split': [':', 'a:b:c'] }] },
      BASE64: { 'Fn::Base64': 'hello' },
      MAPPED: { 'Fn::FindInMap': ['Sizes', { Ref: 'AWS::Partition' }, 'small'] },
      PARAMETER: { Ref: 'Stage' },
    };
    const environment = await environmentOf(variables, {
      Resources: { Jobs: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'jobs' } } },
      Mappings: { Sizes: { aws: { small: 1 } } },
      Parameters: { Stage: { Type: 'String', Default: 'dev' } },
    });

    expect(environment).toEqual({
      SUB: 'ap-northeast-2/x/jobs/${kept}',
      SELECT: 'b',
      BASE64: 'aGVsbG8=',
      MAPPED: '1',
      PARAMETER: 'dev',
    });
  });

  it('decides conditions, leaves out NoValue, and skips resources whose condition does not hold', async () => {
    const parts = {
      Conditions: {
        IsSeoul: { 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'ap-northeast-2'] },
        IsElsewhere: { 'Fn::Not': [{ Condition: 'IsSeoul' }] },
        Either: { 'Fn::Or': [{ Condition: 'IsSeoul' }, { Condition: 'IsElsewhere' }] },
        Both: { 'Fn::And': [{ Condition: 'IsSeoul' }, { Condition: 'IsElsewhere' }] },
      },
      Resources: { Elsewhere: { Type: 'AWS::Unheard::Of', Condition: 'IsElsewhere' } },
    };
    const environment = await environmentOf(
      {
        EITHER: { 'Fn::If': ['Either', 'yes', 'no'] },
        BOTH: { 'Fn::If': ['Both', 'yes', 'no'] },
        NOTHING: { 'Fn::If': ['IsElsewhere', 'x', { Ref: 'AWS::NoValue' }] },
      },
      parts,
    );

    expect(environment).toEqual({ EITHER: 'yes', BOTH: 'no' });
  });
});

describe('what the runtime does not know', () => {
  it.each([
    ['a type', { Table: { Type: 'AWS::DynamoDB::Table' } }, /AWS::DynamoDB::Table \(App\/Table\)/],
    [
      'a property',
      { Work: makeFunction({ Layers: ['x'] }) },
      /AWS::Lambda::Function \(App\/Work\): its property Layers/,
    ],
    [
      'a value',
      { Work: makeFunction({ Timeout: 'soon' }) },
      /AWS::Lambda::Function \(App\/Work\): .*Timeout/,
    ],
    [
      'an intrinsic function',
      { Work: makeFunction({ Handler: { 'Fn::Transform': {} } }) },
      /\(App\/Work\): the intrinsic function Fn::Transform/,
    ],
    [
      'an attribute',
      { Work: makeFunction({ Handler: { 'Fn::GetAtt': ['Work', 'Mood'] } }) },
      /\(App\/Work\): the attribute Mood/,
    ],
    [
      'an import that nobody exports',
      { Work: makeFunction({ Handler: { 'Fn::ImportValue': 'Other:X' } }) },
      /\(App\/Work\): the import of Other:X/,
    ],
    [
      'a dynamic reference in what a function gets',
      { Work: makeFunction({ Environment: { Variables: { KEY: '{{resolve:ssm:/key}}' } } }) },
      /\(App\/Work\): the dynamic reference in its property Environment/,
    ],
    [
      'a matcher of an event pattern',
      { Rule: makeRule({ EventPattern: { detail: { size: [{ numeric: ['>', 5] }] } } }) },
      /AWS::Events::Rule \(App\/Rule\): .*detail\.size: known are exact values, prefix/,
    ],
    [
      'an alternative of fields in an event pattern',
      { Rule: makeRule({ EventPattern: { $or: [{ source: ['a'] }] } }) },
      /\(App\/Rule\): .*\$or: known are/,
    ],
    [
      'a rule on a schedule',
      { Rule: makeRule({ ScheduleExpression: 'rate(1 minute)' }) },
      /\(App\/Rule\): its property ScheduleExpression/,
    ],
    [
      'a rule of another bus',
      { Rule: makeRule({ EventBusName: 'orders' }) },
      /\(App\/Rule\): .*only the default event bus/,
    ],
    [
      'a target of a rule',
      { Rule: makeRule({ Targets: [{ Id: 'T', Arn: 'arn:aws:sns:ap-northeast-2:000000000000:topic' }] }) },
      /\(App\/Rule\): .*only functions are targets here/,
    ],
    [
      'an input of a rule’s own',
      {
        Rule: makeRule({
          Targets: [
            { Id: 'T', Arn: 'arn:aws:lambda:ap-northeast-2:000000000000:function:f', InputPath: '$.detail' },
          ],
        }),
      },
      /\(App\/Rule\): .*InputPath/,
    ],
    [
      'a subscriber that is no queue',
      { ...topicAndQueue, Mail: makeSubscription({ Protocol: 'email', Endpoint: 'ops@example.com' }) },
      /AWS::SNS::Subscription \(App\/Mail\): .*the protocol email: topics deliver to queues only/,
    ],
    [
      'an operator of a filter policy',
      { ...topicAndQueue, Bound: makeSubscription({ FilterPolicy: { a: [{ suffix: '.x' }] } }) },
      /\(App\/Bound\): .*FilterPolicy/,
    ],
    [
      'a filter on message bodies',
      { ...topicAndQueue, Bound: makeSubscription({ FilterPolicyScope: 'MessageBody' }) },
      /\(App\/Bound\): .*only attributes are filtered on/,
    ],
    [
      'a FIFO topic',
      { Events: { Type: 'AWS::SNS::Topic', Properties: { FifoTopic: true } } },
      /\(App\/Events\): its property FifoTopic/,
    ],
    [
      'a WebSocket API',
      { Api: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'a', ProtocolType: 'WEBSOCKET' } } },
      /\(App\/Api\): .*only HTTP APIs/,
    ],
    [
      'a stage with a name',
      makeHttpApi({ stage: { StageName: 'prod' } }),
      /\(App\/Stage\): .*only the stage \$default/,
    ],
    [
      'an authorizer',
      makeHttpApi({ route: { AuthorizationType: 'JWT', AuthorizerId: 'x' } }),
      /\(App\/Route\): its property AuthorizerId/,
    ],
    [
      'a greedy variable in the middle of a path',
      makeHttpApi({ route: { RouteKey: 'GET /{all+}/x' } }),
      /\(App\/Route\): .*is no route key/,
    ],
    [
      'the older payload format',
      makeHttpApi({ integration: { PayloadFormatVersion: '1.0' } }),
      /\(App\/Integration\): .*only format 2\.0/,
    ],
    [
      'the address of an API on AWS',
      {
        ...makeHttpApi(),
        Work: makeFunction({
          Environment: {
            Variables: { URL: { 'Fn::Sub': 'https://x.execute-api.${AWS::Region}.${AWS::URLSuffix}/' } },
          },
        }),
      },
      /\(App\/Work\): an API's address on AWS in its property Environment: take the attribute ApiEndpoint/,
    ],
    ['a function without a role', { Work: makeFunction({ Role: undefined }) }, /\(App\/Work\): .*Role/],
    [
      'a queue’s own key',
      { Jobs: { Type: 'AWS::SQS::Queue', Properties: { KmsMasterKeyId: KEY } } },
      /\(App\/Jobs\): its property KmsMasterKeyId/,
    ],
    [
      'a secret’s own key',
      { Secret: { Type: 'AWS::SecretsManager::Secret', Properties: { KmsKeyId: KEY } } },
      /\(App\/Secret\): its property KmsKeyId/,
    ],
    [
      'the own key of a secret that RDS makes',
      {
        Data: {
          Type: 'AWS::RDS::DBCluster',
          Properties: {
            Engine: 'aurora-mysql',
            ManageMasterUserPassword: true,
            MasterUsername: 'admin',
            MasterUserSecret: { KmsKeyId: KEY },
          },
        },
      },
      /\(App\/Data\): .*a key of one’s own is not known here/,
    ],
    [
      'a function’s own key',
      { Work: makeFunction({ KmsKeyArn: KEY }) },
      /\(App\/Work\): its property KmsKeyArn/,
    ],
    [
      'a state machine’s own key',
      {
        Run: {
          Type: 'AWS::StepFunctions::StateMachine',
          Properties: { RoleArn: ROLE, Definition: {}, EncryptionConfiguration: { KmsKeyId: KEY } },
        },
      },
      /\(App\/Run\): its property EncryptionConfiguration/,
    ],
    [
      'a schedule’s own key',
      {
        Often: {
          Type: 'AWS::Scheduler::Schedule',
          Properties: {
            ScheduleExpression: 'rate(1 minute)',
            Target: { Arn: 'x', RoleArn: ROLE },
            KmsKeyArn: KEY,
          },
        },
      },
      /\(App\/Often\): its property KmsKeyArn/,
    ],
    [
      'a topic’s key that is no ARN',
      { Events: { Type: 'AWS::SNS::Topic', Properties: { KmsMasterKeyId: 'alias/aws/sns' } } },
      /\(App\/Events\): .*a key that is not named by its ARN/,
    ],
    [
      'a managed policy of a role',
      { Wide: { Type: 'AWS::IAM::ManagedPolicy', Properties: { PolicyDocument: {}, Roles: ['work'] } } },
      /AWS::IAM::ManagedPolicy \(App\/Wide\): its property Roles/,
    ],
    [
      'a policy that it does not understand whole',
      {
        Wide: makePolicy({
          Effect: 'Allow',
          Action: 'sqs:*',
          Resource: '*',
          Condition: { Null: { a: 'true' } },
        }),
      },
      /AWS::IAM::Policy \(App\/Wide\): .*Condition/,
    ],
  ])('%s is refused in one line that names the place', async (_what, Resources, message) => {
    const failure = await resolve({ App: { Resources } }).catch((error: unknown) => error);

    expect(failure).toBeInstanceOf(Error);
    expect(String(failure)).toMatch(message);
    expect(String(failure)).not.toContain('\n');
  });
});
