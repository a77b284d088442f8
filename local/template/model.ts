/** What the templates ask this machine to run, with every reference resolved. Plain data. */
import type { Json } from './assembly.ts';
import type { Place } from './errors.ts';
import type { EventPattern } from './event-pattern.ts';
import type { FilterPolicy } from './filter-policy.ts';
import type { Statement } from './policy.ts';

export interface QueueModel extends Place {
  readonly name: string;
  readonly url: string;
  readonly arn: string;
  readonly fifo: boolean;
  readonly visibilityTimeoutSeconds: number;
  readonly redrivePolicy:
    { readonly deadLetterTargetArn: string; readonly maxReceiveCount: number } | undefined;
  /** Everything above and the rest, in the form that CreateQueue takes. */
  readonly attributes: Readonly<Record<string, string>>;
}

export interface FunctionModel extends Place {
  readonly name: string;
  readonly arn: string;
  /** `file.export` as in the template. */
  readonly handler: string;
  /** The folder that a deploy would zip. */
  readonly codeDirectory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMegabytes: number;
  /** Undefined: the function shares the account's unreserved pool. */
  readonly reservedConcurrency: number | undefined;
  readonly logGroupName: string;
  readonly roleArn: string;
  readonly isTraced: boolean;
  readonly isInVpc: boolean;
}

export interface EventSourceMappingModel extends Place {
  readonly functionName: string;
  readonly queueArn: string;
  readonly queueUrl: string;
  readonly batchSize: number;
  readonly maximumConcurrency: number | undefined;
  readonly reportBatchItemFailures: boolean;
  readonly enabled: boolean;
}

export interface StateMachineModel extends Place {
  readonly name: string;
  readonly arn: string;
  readonly type: 'STANDARD' | 'EXPRESS';
  /** The Amazon States Language definition. */
  readonly definition: Readonly<Record<string, Json>>;
  readonly roleArn: string;
  readonly isTraced: boolean;
  readonly isLogged: boolean;
}

export interface ScheduleModel extends Place {
  readonly name: string;
  readonly groupName: string;
  readonly arn: string;
  /** rate(…), cron(…) or at(…). */
  readonly expression: string;
  /** IANA time zone. */
  readonly timezone: string;
  readonly enabled: boolean;
  readonly target: {
    readonly arn: string;
    readonly input: string | undefined;
    readonly maximumRetryAttempts: number;
    readonly maximumEventAgeSeconds: number;
    readonly roleArn: string;
  };
}

export interface ScheduleGroupModel extends Place {
  readonly name: string;
  readonly arn: string;
}

/** A rule of the default event bus. */
export interface RuleModel extends Place {
  readonly name: string;
  readonly arn: string;
  readonly enabled: boolean;
  readonly pattern: EventPattern;
  readonly targets: readonly RuleTargetModel[];
}

export interface RuleTargetModel {
  readonly id: string;
  readonly functionArn: string;
  readonly maximumRetryAttempts: number;
}

export interface TopicModel extends Place {
  readonly name: string;
  readonly arn: string;
  readonly displayName: string | undefined;
  /** Who publishes to a topic with a key of its own needs that too. */
  readonly keyArn: string | undefined;
}

/** A queue's subscription to a topic. */
export interface SubscriptionModel extends Place {
  readonly arn: string;
  readonly topicArn: string;
  readonly queueArn: string;
  /** Whether the queue gets the message as it was published, or within SNS's own JSON. */
  readonly rawMessageDelivery: boolean;
  /** On message attributes. Undefined: every message. */
  readonly filterPolicy: FilterPolicy | undefined;
}

export interface HttpApiModel extends Place {
  readonly id: string;
  readonly name: string;
}

/** The stage $default of an API. */
export interface HttpStageModel extends Place {
  readonly apiId: string;
}

export interface HttpRouteModel extends Place {
  readonly apiId: string;
  /** `METHOD /path/{variable}`, or `$default`. */
  readonly routeKey: string;
  readonly integrationId: string;
}

/** A function behind routes, called with payload format 2.0. */
export interface HttpIntegrationModel extends Place {
  readonly id: string;
  readonly apiId: string;
  readonly functionArn: string;
  readonly timeoutMilliseconds: number;
}

export interface SecretModel extends Place {
  readonly name: string;
  readonly arn: string;
  /** The value that the template itself holds. */
  readonly value: string | undefined;
  readonly generate:
    | {
        readonly passwordLength: number;
        readonly excludeCharacters: string;
        readonly excludePunctuation: boolean;
        /** JSON text into which the password goes under generateStringKey. */
        readonly template: string | undefined;
        readonly generateStringKey: string | undefined;
      }
    | undefined;
}

export interface DatabaseModel extends Place {
  readonly identifier: string;
  readonly arn: string;
  readonly engine: string;
  readonly databaseName: string | undefined;
  /** Whether the RDS Data API is on (EnableHttpEndpoint). */
  readonly dataApi: boolean;
}

export interface CacheModel extends Place {
  readonly name: string;
  readonly engine: string;
}

export interface RoleModel extends Place {
  readonly name: string;
  readonly arn: string;
  readonly managedPolicyArns: readonly string[];
  /** Who may assume it. */
  readonly trust: readonly Statement[];
  /** Those within the role itself. */
  readonly statements: readonly Statement[];
}

/** Statements that are attached to roles. */
export interface RolePolicyModel extends Place {
  readonly roleNames: readonly string[];
  readonly statements: readonly Statement[];
}

/** Who besides roles may invoke a function. */
export interface PermissionModel extends Place {
  readonly action: string;
  /** Name, ARN or qualified ARN. */
  readonly function: string;
  readonly principal: string;
  readonly sourceArn: string | undefined;
}

export interface QueuePolicyModel extends Place {
  readonly queueUrls: readonly string[];
  readonly statements: readonly Statement[];
}

/** A function that the deployment invokes once, after what it depends on exists. */
export interface TriggerModel extends Place {
  readonly functionName: string;
}

export interface OutputModel {
  readonly stack: string;
  readonly name: string;
  readonly value: Json;
}

export interface LocalModel {
  readonly region: string;
  readonly account: string;
  readonly queues: readonly QueueModel[];
  readonly functions: readonly FunctionModel[];
  readonly eventSourceMappings: readonly EventSourceMappingModel[];
  readonly stateMachines: readonly StateMachineModel[];
  readonly schedules: readonly ScheduleModel[];
  readonly scheduleGroups: readonly ScheduleGroupModel[];
  readonly rules: readonly RuleModel[];
  readonly topics: readonly TopicModel[];
  readonly subscriptions: readonly SubscriptionModel[];
  readonly httpApis: readonly HttpApiModel[];
  readonly httpStages: readonly HttpStageModel[];
  readonly httpRoutes: readonly HttpRouteModel[];
  readonly httpIntegrations: readonly HttpIntegrationModel[];
  readonly secrets: readonly SecretModel[];
  readonly databases: readonly DatabaseModel[];
  readonly caches: readonly CacheModel[];
  readonly roles: readonly RoleModel[];
  readonly rolePolicies: readonly RolePolicyModel[];
  readonly permissions: readonly PermissionModel[];
  readonly queuePolicies: readonly QueuePolicyModel[];
  /** In the order in which a deployment would invoke them. */
  readonly triggers: readonly TriggerModel[];
  /** Without the exports that only tie the stacks together. */
  readonly outputs: readonly OutputModel[];
}
