/**
 * The properties of the types that run: what the runtime acts on, and what it may pass over because it changes
 * nothing on one machine. A property in neither list is refused.
 */
import { z } from 'zod';
import { eventPattern } from './event-pattern.ts';

export interface RunType<Schema extends z.ZodObject = z.ZodObject> {
  readonly schema: Schema;
  /** `any` where a different engine stands in and none of its settings could be kept. */
  readonly passedOver: readonly string[] | 'any';
}

// CloudFormation takes '30' for 30 and 'true' for true.
export const count = z.coerce.number().int().min(0);
export const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]);
const asObject = z.record(z.string(), z.json());
const jsonText = z.string().transform((text, context) => {
  const parsed = asObject.safeParse(safeJson(text));
  if (parsed.success) return parsed.data;
  context.addIssue({ code: 'custom', message: 'is not a JSON object' });
  return z.NEVER;
});

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const queue = {
  schema: z.object({
    QueueName: z.string().optional(),
    FifoQueue: flag.default(false),
    VisibilityTimeout: count.default(30),
    DelaySeconds: count.optional(),
    MessageRetentionPeriod: count.optional(),
    MaximumMessageSize: count.optional(),
    ReceiveMessageWaitTimeSeconds: count.optional(),
    ContentBasedDeduplication: flag.optional(),
    DeduplicationScope: z.string().optional(),
    FifoThroughputLimit: z.string().optional(),
    RedrivePolicy: z.object({ deadLetterTargetArn: z.string(), maxReceiveCount: count }).optional(),
    RedriveAllowPolicy: asObject.optional(),
  }),
  // A key of one's own (KmsMasterKeyId) is in neither list, here and below: who needs it to call is not enforced.
  passedOver: ['SqsManagedSseEnabled', 'Tags'],
} satisfies RunType;

export const lambdaFunction = {
  schema: z.object({
    FunctionName: z.string().optional(),
    Code: z.object({ S3Key: z.string() }),
    Handler: z.string(),
    Runtime: z.string().startsWith('nodejs'),
    Environment: z.object({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
    Timeout: count.default(3),
    MemorySize: count.default(128),
    ReservedConcurrentExecutions: count.optional(),
    LoggingConfig: z.object({ LogGroup: z.string().optional() }).optional(),
    PackageType: z.literal('Zip').optional(),
    Role: z.string(),
    TracingConfig: z.object({ Mode: z.string() }).optional(),
    VpcConfig: asObject.optional(),
  }),
  passedOver: [
    'Architectures',
    'Description',
    'EphemeralStorage',
    'RecursiveLoop',
    'RuntimeManagementConfig',
    'Tags',
  ],
} satisfies RunType;

export const eventSourceMapping = {
  schema: z.object({
    EventSourceArn: z.string().regex(/^arn:[^:]+:sqs:/, 'only SQS queues are polled here'),
    FunctionName: z.string(),
    // More than one receive a batch, and a window to wait for it, are not built: FIFO queues have neither.
    BatchSize: count.min(1).max(10).default(10),
    MaximumBatchingWindowInSeconds: z.coerce.number().max(0, 'batching windows are not built').optional(),
    Enabled: flag.default(true),
    FunctionResponseTypes: z.array(z.literal('ReportBatchItemFailures')).default([]),
    ScalingConfig: z.object({ MaximumConcurrency: count.min(2).max(1000).optional() }).optional(),
  }),
  passedOver: ['MetricsConfig', 'Tags'],
} satisfies RunType;

export const stateMachine = {
  schema: z.object({
    StateMachineName: z.string().optional(),
    StateMachineType: z.enum(['STANDARD', 'EXPRESS']).default('STANDARD'),
    DefinitionString: jsonText.optional(),
    Definition: asObject.optional(),
    DefinitionSubstitutions: z.record(z.string(), z.coerce.string()).optional(),
    RoleArn: z.string(),
    LoggingConfiguration: z.object({ Level: z.string().default('OFF') }).optional(),
    TracingConfiguration: z.object({ Enabled: flag }).optional(),
  }),
  passedOver: ['Tags'],
} satisfies RunType;

export const schedule = {
  schema: z.object({
    Name: z.string().optional(),
    GroupName: z.string().default('default'),
    ScheduleExpression: z.string(),
    ScheduleExpressionTimezone: z.string().default('UTC'),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    Target: z.object({
      Arn: z.string(),
      Input: z.string().optional(),
      RoleArn: z.string(),
      RetryPolicy: z
        .object({ MaximumRetryAttempts: count.default(185), MaximumEventAgeInSeconds: count.default(86_400) })
        .prefault({}),
    }),
  }),
  passedOver: ['Description', 'FlexibleTimeWindow'],
} satisfies RunType;

export const scheduleGroup = {
  schema: z.object({ Name: z.string().optional() }),
  passedOver: ['Tags'],
} satisfies RunType;

export const rule = {
  schema: z.object({
    Name: z.string().optional(),
    // Nothing here makes another bus, and AWS's services send to the default one.
    EventBusName: z.literal('default', 'only the default event bus is here').optional(),
    EventPattern: eventPattern,
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    Targets: z
      .array(
        // Strict: a target with an input of its own, or with the parameters of another service, is not built.
        z.strictObject({
          Id: z.string(),
          Arn: z.string().regex(/^arn:[^:]+:lambda:[^:]*:\d+:function:/, 'only functions are targets here'),
          RetryPolicy: z
            .object({
              MaximumRetryAttempts: count.max(185).default(185),
              // Nothing is tried for as long as the shortest age.
              MaximumEventAgeInSeconds: count.min(60).max(86_400).optional(),
            })
            .prefault({}),
          // Holds what Lambda did not take; here it takes every event for a function that the templates have.
          DeadLetterConfig: z.object({ Arn: z.string().optional() }).optional(),
        }),
      )
      .default([]),
  }),
  passedOver: ['Description', 'RoleArn', 'Tags'],
} satisfies RunType;

export const secret = {
  schema: z.object({
    SecretString: z.string().optional(),
    GenerateSecretString: z
      .object({
        PasswordLength: count.default(32),
        ExcludeCharacters: z.string().default(''),
        ExcludePunctuation: flag.default(false),
        SecretStringTemplate: z.string().optional(),
        GenerateStringKey: z.string().optional(),
      })
      .optional(),
  }),
  passedOver: ['Description', 'Name', 'ReplicaRegions', 'Tags', 'Type'],
} satisfies RunType;

export const databaseCluster = {
  schema: z.object({
    Engine: z.string(),
    DatabaseName: z.string().optional(),
    EnableHttpEndpoint: flag.default(false),
    ManageMasterUserPassword: flag.default(false),
  }),
  passedOver: 'any',
} satisfies RunType;

/** Read only with ManageMasterUserPassword: otherwise the name may be a dynamic reference. */
export const managedMasterUser = {
  schema: z.object({
    MasterUsername: z.string(),
    MasterUserSecret: z.strictObject({}, 'a key of one’s own is not known here').optional(),
  }),
  passedOver: 'any',
} satisfies RunType;

export const replicationGroup = {
  schema: z.object({ Engine: z.string() }),
  passedOver: 'any',
} satisfies RunType;

export const trigger = {
  schema: z.object({ HandlerArn: z.string() }),
  passedOver: ['ExecuteOnHandlerChange', 'InvocationType', 'ServiceToken', 'Timeout'],
} satisfies RunType;
