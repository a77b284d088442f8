import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { GRANTLINE } from '../../cli/plan/rules/assumptions.ts';
import { OPERATIONS } from '../../schema/admin-api/operations.ts';
import { MIN_SECRET_BYTES } from '../../schema/admin-api/token.ts';
import * as schemas from '../../schema/environment.ts';
import { JOB_NAMES } from '../../schema/jobs.ts';
import { makeConfig, synthesise } from './synthesised.ts';

const { adminApi, campaignGrant, pointSync, couponStats } = synthesise(makeConfig());

const functionResource = z.object({
  Properties: z.looseObject({
    FunctionName: z.string(),
    Timeout: z.number(),
    ReservedConcurrentExecutions: z.number(),
    Role: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
    Environment: z.object({ Variables: z.record(z.string(), z.unknown()) }),
    VpcConfig: z.unknown().optional(),
  }),
});
const functions = new Map(
  Object.entries(adminApi.findResources('AWS::Lambda::Function')).map(([logicalId, resource]) => {
    const { Properties: properties } = functionResource.parse(resource);
    return [properties.FunctionName.replace('grantline-dev-', ''), { ...properties, logicalId }] as const;
  }),
);

function functionOf(name: string) {
  const found = functions.get(name);
  if (found === undefined) throw new Error(`There is no function ${name}`);
  return found;
}

const policyResource = z.object({
  Properties: z.looseObject({
    PolicyDocument: z.object({
      Statement: z.array(
        z.looseObject({
          Action: z.union([z.string().transform((action) => [action]), z.array(z.string())]),
          Resource: z.unknown(),
        }),
      ),
    }),
  }),
});

/** Actions with their resources, besides logs and traces. */
function rightsOf(name: string) {
  const role = functionOf(name).Role['Fn::GetAtt'][0];
  const policies = adminApi.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: role }] } });
  return Object.values(policies)
    .flatMap((policy) => policyResource.parse(policy).Properties.PolicyDocument.Statement)
    .flatMap(({ Action, Resource }) =>
      Action.map((action) => ({ action, resource: JSON.stringify(Resource) })),
    )
    .filter(({ action }) => !/^(logs|xray):/.test(action));
}

const routeResource = z.object({
  Properties: z.looseObject({ RouteKey: z.string(), Target: z.unknown() }),
});
const integrationResource = z.object({
  Properties: z.looseObject({ IntegrationUri: z.object({ 'Fn::GetAtt': z.array(z.string()) }) }),
});
const integrations = adminApi.findResources('AWS::ApiGatewayV2::Integration');

/** Route key → the function that serves it. */
const routes = new Map(
  Object.values(adminApi.findResources('AWS::ApiGatewayV2::Route')).map((resource) => {
    const { RouteKey: routeKey, Target: target } = routeResource.parse(resource).Properties;
    const integrationId = Object.keys(integrations).find((id) => JSON.stringify(target).includes(`"${id}"`));
    const uri = integrationResource.parse(integrations[integrationId ?? '']).Properties.IntegrationUri;
    const served = [...functions].find(([, { logicalId }]) => logicalId === uri['Fn::GetAtt'][0]);
    return [routeKey, served?.[0]] as const;
  }),
);

describe('the routes', () => {
  test('are those of the document, each to the function of its pipeline', () => {
    const expected = OPERATIONS.map(({ method, path, tag }) => [
      `${method.toUpperCase()} ${path}`,
      `admin-api-${tag}`,
    ]);

    expect(Object.fromEntries(routes)).toEqual({
      ...Object.fromEntries(expected),
      // Whatever else is asked for is answered in the same shape.
      $default: 'admin-api-system',
    });
  });

  test('hand over events of format 2.0', () => {
    adminApi.allResourcesProperties('AWS::ApiGatewayV2::Integration', {
      IntegrationType: 'AWS_PROXY',
      PayloadFormatVersion: '2.0',
    });
  });

  test('may invoke what they lead to: the default route too, which has neither method nor path', () => {
    const permissions = Object.values(adminApi.findResources('AWS::Lambda::Permission'));
    const texts = permissions.map((permission) => JSON.stringify(permission));
    const ofCampaigns = texts.filter((text) => text.includes(functionOf('admin-api-campaigns').logicalId));
    const ofSystem = texts.filter((text) => text.includes(functionOf('admin-api-system').logicalId));

    expect(ofCampaigns).toHaveLength(1);
    expect(ofCampaigns[0]).toContain('"/*/*/*"');
    expect(ofSystem.some((text) => text.includes('"/*/*"'))).toBe(true);
  });
});

describe('the stage', () => {
  test('is the default one, throttled, and says who asked what', () => {
    adminApi.resourceCountIs('AWS::ApiGatewayV2::Stage', 1);
    adminApi.hasResourceProperties('AWS::ApiGatewayV2::Stage', {
      StageName: '$default',
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 },
      AccessLogSettings: {
        DestinationArn: Match.anyValue(),
        Format: Match.stringLikeRegexp('requestId.*sourceIp.*routeKey.*status'),
      },
    });
    adminApi.hasResourceProperties('AWS::Logs::LogGroup', {
      LogGroupName: '/aws/vendedlogs/apis/grantline-dev-admin',
      RetentionInDays: 7,
    });
  });

  test('lets no browser of another site ask', () => {
    adminApi.hasResourceProperties('AWS::ApiGatewayV2::Api', {
      ProtocolType: 'HTTP',
      CorsConfiguration: Match.absent(),
    });
  });
});

describe('the functions', () => {
  test.each([
    ['admin-api-campaigns', schemas.adminApiCampaignsEnvironment],
    ['admin-api-jobs', schemas.adminApiJobsEnvironment],
    ['admin-api-system', schemas.adminApiSystemEnvironment],
  ])('%s is given exactly the variables that its handler parses, outside the VPC', (name, schema) => {
    const { NODE_OPTIONS: nodeOptions, ...variables } = functionOf(name).Environment.Variables;

    expect(nodeOptions).toBe('--enable-source-maps');
    expect(Object.keys(variables).sort()).toEqual(Object.keys(schema.shape).sort());
    expect(functionOf(name).VpcConfig).toBeUndefined();
  });

  test('end no later than API Gateway waits', () => {
    for (const { Timeout: timeout } of functions.values()) expect(timeout).toBeLessThanOrEqual(29);
  });

  test('have a concurrency of their own, which a plan counts', () => {
    const reserved = [...functions.values()].map((each) => each.ReservedConcurrentExecutions);
    const collector = campaignGrant.findResources('AWS::Lambda::Function', {
      Properties: { FunctionName: 'grantline-dev-collect-dead-letters' },
    });
    const [ofCollector] = Object.values(collector).map(
      (resource) => functionResource.parse(resource).Properties.ReservedConcurrentExecutions,
    );

    expect(GRANTLINE.otherReservedConcurrency).toBe(
      reserved.reduce((sum, each) => sum + each, ofCollector ?? 0),
    );
  });

  test('of the campaigns may start the two machines, read the secret, and nothing beyond the database', () => {
    const rights = rightsOf('admin-api-campaigns');
    const machines = Object.keys(campaignGrant.findResources('AWS::StepFunctions::StateMachine'));

    expect([...new Set(rights.map(({ action }) => action))].sort()).toEqual([
      'rds-data:BeginTransaction',
      'rds-data:CommitTransaction',
      'rds-data:ExecuteStatement',
      'rds-data:RollbackTransaction',
      'secretsmanager:GetSecretValue',
      'states:StartExecution',
    ]);
    const starts = rights.filter(({ action }) => action === 'states:StartExecution');
    for (const machine of machines) {
      expect(starts.some(({ resource }) => resource.includes(`ExportsOutputRef${machine}`))).toBe(true);
    }
    expect(rights.filter(({ resource }) => resource.includes('*'))).toEqual([]);
  });

  test('of the jobs may start their machines and ask how the executions fare, and nothing beyond the database', () => {
    const rights = rightsOf('admin-api-jobs');
    const machines = [pointSync, couponStats].flatMap((template) =>
      Object.keys(template.findResources('AWS::StepFunctions::StateMachine')),
    );

    expect([...new Set(rights.map(({ action }) => action))].sort()).toEqual([
      'rds-data:ExecuteStatement',
      'secretsmanager:GetSecretValue',
      'states:DescribeExecution',
      'states:StartExecution',
    ]);
    const resourcesOf = (asked: string) =>
      rights
        .filter(({ action }) => action === asked)
        .map(({ resource }) => resource)
        .join();
    const named = (resources: string, pattern: RegExp) =>
      [...resources.matchAll(pattern)].map(([, name]) => name).toSorted();
    expect(machines).toHaveLength(JOB_NAMES.length);
    expect(
      named(resourcesOf('states:StartExecution'), /:ExportsOutputRef(\w+StateMachine[0-9A-F]{8})/g),
    ).toEqual(machines.toSorted());
    expect(named(resourcesOf('states:DescribeExecution'), /:execution:([^"]+)"/g)).toEqual(
      JOB_NAMES.map((jobName) => `grantline-dev-${jobName}:*`).toSorted(),
    );
  });

  test('of what is open may do nothing but ask the database: it is told no secret of tokens', () => {
    const [secret = ''] = Object.keys(adminApi.findResources('AWS::SecretsManager::Secret'));

    expect(JSON.stringify(rightsOf('admin-api-system'))).not.toContain(secret);
    expect(rightsOf('admin-api-system').map(({ action }) => action)).not.toContain('states:StartExecution');
  });
});

describe('the secret of the tokens', () => {
  test('is made at deploy, longer than HS256 asks for', () => {
    const lengthAtLeast = z.object({
      Properties: z.looseObject({
        Name: z.literal('grantline/dev/JWT_SECRET_KEY'),
        GenerateSecretString: z.object({
          PasswordLength: z.number().min(MIN_SECRET_BYTES),
          ExcludePunctuation: z.literal(true),
        }),
      }),
    });

    for (const secret of Object.values(adminApi.findResources('AWS::SecretsManager::Secret'))) {
      expect(lengthAtLeast.safeParse(secret).error).toBeUndefined();
    }
    adminApi.resourceCountIs('AWS::SecretsManager::Secret', 1);
  });
});

test('the operator is told the URL and the secret', () => {
  const [api = ''] = Object.keys(adminApi.findResources('AWS::ApiGatewayV2::Api'));
  const [secret = ''] = Object.keys(adminApi.findResources('AWS::SecretsManager::Secret'));

  adminApi.hasOutput('AdminApiUrl', { Value: { 'Fn::GetAtt': [api, 'ApiEndpoint'] } });
  adminApi.hasOutput('JwtSecretArn', { Value: { Ref: secret } });
});
