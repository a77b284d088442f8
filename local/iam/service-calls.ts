/**
 * What AWS's services do by the roles of functions and state machines besides what their code calls. Without it a
 * deployment fails, or logs and traces are lost in silence.
 */
import { z } from 'zod';
import type { Json } from '../template/assembly.ts';
import type { LocalModel } from '../template/model.ts';
import type { AuthorizeRole } from './authorizer.ts';
import type { LoggedCall } from './call-log.ts';
import { roleName } from './credentials.ts';
import type { Call } from './decide.ts';

interface ServiceCall {
  readonly roleArn: string;
  readonly call: Call;
}

function serviceCalls(model: LocalModel): ServiceCall[] {
  return [
    ...model.functions.flatMap(({ roleArn, ...fn }) => {
      const logs = `arn:aws:logs:${model.region}:${model.account}:log-group:${fn.logGroupName}:log-stream:any`;
      return calls(roleArn, [
        ...on(logs, 'logs:CreateLogStream', 'logs:PutLogEvents'),
        ...(fn.isTraced ? on('*', ...TRACING) : []),
        ...(fn.isInVpc ? on('*', ...NETWORK_INTERFACES) : []),
      ]);
    }),
    ...model.eventSourceMappings.flatMap(({ functionName, queueArn }) =>
      model.functions
        .filter(({ name }) => name === functionName)
        .flatMap(({ roleArn }) => calls(roleArn, on(queueArn, ...POLLING))),
    ),
    ...model.schedules.flatMap(({ target }) => calls(target.roleArn, starting(target.arn))),
    ...model.stateMachines.flatMap(({ roleArn, arn, isLogged, isTraced, definition }) => {
      const executions = arn.replace(':stateMachine:', ':execution:');
      return calls(roleArn, [
        ...(isLogged ? on('*', ...LOG_DELIVERY) : []),
        ...(isTraced ? on('*', ...TRACING, ...SAMPLING) : []),
        ...distributedMaps(definition).flatMap((label) => [
          ...on(arn, 'states:StartExecution'),
          ...on(`${executions}:any`, 'states:DescribeExecution', 'states:StopExecution'),
          ...on(`${executions}/${label}:any`, 'states:RedriveExecution'),
        ]),
      ]);
    }),
  ];
}

const TRACING = ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'];
const SAMPLING = ['xray:GetSamplingRules', 'xray:GetSamplingTargets'];
/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html */
const NETWORK_INTERFACES = [
  'ec2:CreateNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:DeleteNetworkInterface',
  'ec2:AssignPrivateIpAddresses',
  'ec2:UnassignPrivateIpAddresses',
];
/** https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html */
const POLLING = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
/** https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html */
const LOG_DELIVERY = [
  'logs:CreateLogDelivery',
  'logs:GetLogDelivery',
  'logs:UpdateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:DescribeResourcePolicies',
  'logs:DescribeLogGroups',
];

/** What a universal target starts is in its input: that is asked for when it is due. */
function starting(targetArn: string): Call[] {
  if (targetArn.includes(':scheduler:::aws-sdk:')) return [];
  const isFunction = targetArn.includes(':lambda:');
  return on(targetArn, isFunction ? 'lambda:InvokeFunction' : 'states:StartExecution');
}

/** Their labels: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html */
function distributedMaps(value: Json): string[] {
  if (value === null || typeof value !== 'object') return [];
  const map = distributedMap.safeParse(value);
  return [
    ...(map.success ? [map.data.Label ?? MADE_UP_LABEL] : []),
    ...Object.values(value).flatMap(distributedMaps),
  ];
}

/** Step Functions makes one up where the definition has none. */
const MADE_UP_LABEL = 'made-up';

const distributedMap = z.object({
  Type: z.literal('Map'),
  Label: z.string().optional(),
  ItemProcessor: z.object({ ProcessorConfig: z.object({ Mode: z.literal('DISTRIBUTED') }) }),
});

function calls(roleArn: string, made: readonly Call[]): ServiceCall[] {
  return made.map((call) => ({ roleArn, call }));
}

function on(resource: string, ...actions: string[]): Call[] {
  return actions.map((action) => ({ action, resource }));
}

/** @throws AccessDenied for the first that a deployment, or AWS at run time, would be refused */
export function requireServiceCalls(model: LocalModel, authorize: AuthorizeRole): void {
  for (const { roleArn, call } of serviceCalls(model)) authorize(roleArn, call);
}

/** As if they were logged. */
export function callsOfServices(model: LocalModel): LoggedCall[] {
  return serviceCalls(model).map(({ roleArn, call }) => ({ role: roleName(roleArn), ...call }));
}
