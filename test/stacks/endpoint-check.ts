/**
 * Whether functions in the VPC reach what they may call, from templates alone: there is no other way out, and a service
 * without an endpoint shows as a timeout at run time.
 */
import type { Template } from 'aws-cdk-lib/assertions';
import { z } from 'zod';
import { rightsOfRole } from './stack-functions.ts';

/** By the prefix of its actions: done by AWS and not through the VPC. */
const NOT_THROUGH_THE_VPC = new Map([
  ['ec2', "Lambda makes the function's network interfaces, with the function's role"],
  ['logs', 'Lambda carries off what a function writes to its output'],
  ['xray', "the daemon that sends traces is in Lambda's own network"],
  ['kms', 'SNS asks for the key of a topic, with the rights of who publishes'],
]);

/** Endpoints that are not named as the prefix of the actions. */
const ENDPOINT_OF = new Map([['cloudwatch', 'monitoring']]);

const functionInVpc = z.looseObject({
  Properties: z.looseObject({
    FunctionName: z.string(),
    Role: z.object({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) }),
  }),
});

/** A role's rights are read from the policies that are attached to it: others would go unseen. */
const plainRole = z.looseObject({
  Properties: z.looseObject({
    Policies: z.undefined().optional(),
    ManagedPolicyArns: z.undefined().optional(),
  }),
});

const texts = z.union([z.string().transform((text) => [text]), z.array(z.string())]);
const interfaceEndpoint = z.looseObject({
  Properties: z.looseObject({
    ServiceName: z.union([
      z.string(),
      z.object({ 'Fn::Join': z.tuple([z.string(), z.array(z.unknown())]) }).transform(lastText),
    ]),
    VpcEndpointType: z.literal('Interface'),
    PrivateDnsEnabled: z.literal(true),
    PolicyDocument: z.object({
      Statement: z.array(z.looseObject({ Effect: z.literal('Allow'), Action: texts })),
    }),
  }),
});

interface Call {
  readonly functionName: string;
  readonly service: string;
  readonly action: string;
}

/**
 * @param templates of all stacks
 * @param existing services whose endpoints others run: what they let through is not in our templates
 * @returns one line a problem
 */
export function endpointProblems(
  templates: readonly Template[],
  existing: readonly string[] = [],
): readonly string[] {
  const calls = templates.flatMap(callsFromVpc);
  const endpoints = new Map(templates.flatMap(endpointsOf));
  const called = Map.groupBy(calls, ({ service }) => service);

  const unreachable = [...called]
    .filter(([service]) => !endpoints.has(service) && !existing.includes(service))
    .flatMap(([service, some]) =>
      [...Map.groupBy(some, ({ functionName }) => functionName)].map(
        ([functionName, own]) =>
          `${functionName} may call ${service} (${own.map(({ action }) => action).join(', ')}): the VPC has no endpoint ${service}`,
      ),
    );
  const refused = calls
    .filter(({ service, action }) => endpoints.get(service)?.includes(action) === false)
    .map(
      ({ functionName, service, action }) =>
        `${functionName} may do ${action}: endpoint ${service} lets it not through`,
    );
  const surplus = [...endpoints].flatMap(([service, actions]) => {
    const wanted = called.get(service);
    if (wanted === undefined) return [`endpoint ${service}: no function in the VPC may call ${service}`];
    return actions
      .filter((action) => !wanted.some((call) => call.action === action))
      .map((action) => `endpoint ${service} lets ${action} through: no function in the VPC may do it`);
  });
  return [...unreachable, ...refused, ...surplus];
}

function callsFromVpc(template: Template): Call[] {
  const inVpc = Object.values(template.findResources('AWS::Lambda::Function')).filter(hasVpcConfig);
  return inVpc.flatMap((resource) => {
    const { FunctionName: functionName, Role } = functionInVpc.parse(resource).Properties;
    const role = Role['Fn::GetAtt'][0];
    plainRole.parse(template.findResources('AWS::IAM::Role')[role]);
    return rightsOfRole(template, role).flatMap(({ action }) => {
      const [prefix = ''] = action.split(':');
      if (NOT_THROUGH_THE_VPC.has(prefix)) return [];
      return [{ functionName, service: ENDPOINT_OF.get(prefix) ?? prefix, action }];
    });
  });
}

function hasVpcConfig(resource: unknown): boolean {
  const parsed = z.looseObject({ Properties: z.looseObject({ VpcConfig: z.object() }) }).safeParse(resource);
  return parsed.success;
}

function endpointsOf(template: Template): [string, readonly string[]][] {
  return Object.values(template.findResources('AWS::EC2::VPCEndpoint')).map((resource) => {
    const { ServiceName, PolicyDocument } = interfaceEndpoint.parse(resource).Properties;
    const service = ServiceName.split('.').at(-1) ?? ServiceName;
    return [service, PolicyDocument.Statement.flatMap(({ Action }) => Action)];
  });
}

function lastText({ 'Fn::Join': [separator, parts] }: { 'Fn::Join': [string, unknown[]] }): string {
  return parts.map((part) => (typeof part === 'string' ? part : '')).join(separator);
}
