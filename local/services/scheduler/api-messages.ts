/** Requests of EventBridge Scheduler's API, and a schedule as its answers say it. */
import { z } from 'zod';
import type { ScheduleSettings } from './schedule.ts';

/** A request's body. */
export const jsonText = z.string().transform((text, context): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    context.addIssue({ code: 'custom', message: 'the body is not JSON' });
    return z.NEVER;
  }
});

const retryPolicy = z.object({
  MaximumRetryAttempts: z.number().int().min(0).max(185).default(185),
  MaximumEventAgeInSeconds: z.number().int().min(60).max(86_400).default(86_400),
});

export const scheduleInput = z.object({
  ClientToken: z.string().optional(),
  GroupName: z.string().default('default'),
  ScheduleExpression: z.string(),
  ScheduleExpressionTimezone: z.string().default('UTC'),
  FlexibleTimeWindow: z.object({ Mode: z.enum(['OFF', 'FLEXIBLE']) }).loose(),
  State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
  ActionAfterCompletion: z.enum(['NONE', 'DELETE']).default('NONE'),
  Description: z.string().optional(),
  Target: z.object({
    Arn: z.string(),
    RoleArn: z.string(),
    Input: z.string().optional(),
    RetryPolicy: retryPolicy.prefault({}),
    // Shown again, and not used: what could not be started is logged.
    DeadLetterConfig: z.object({ Arn: z.string().optional() }).optional(),
  }),
});

export type ScheduleInput = z.infer<typeof scheduleInput>;

export const scheduleName = z.object({ name: z.string().regex(/^[0-9a-zA-Z-_.]{1,64}$/) });
export const groupQuery = z.object({ groupName: z.string().default('default') });
export const listQuery = z.object({
  ScheduleGroup: z.string().optional(),
  NamePrefix: z.string().default(''),
  State: z.enum(['ENABLED', 'DISABLED']).optional(),
  MaxResults: z.coerce.number().int().min(1).max(100).default(100),
  NextToken: z.base64url().optional(),
});

export function settingsOf(input: ScheduleInput, name: string, arn: string): ScheduleSettings {
  return {
    name,
    groupName: input.GroupName,
    arn,
    expression: input.ScheduleExpression,
    timezone: input.ScheduleExpressionTimezone,
    enabled: input.State === 'ENABLED',
    target: {
      arn: input.Target.Arn,
      input: input.Target.Input,
      maximumRetryAttempts: input.Target.RetryPolicy.MaximumRetryAttempts,
      maximumEventAgeSeconds: input.Target.RetryPolicy.MaximumEventAgeInSeconds,
      roleArn: input.Target.RoleArn,
    },
  };
}

export function inputOf(settings: ScheduleSettings): ScheduleInput {
  return {
    GroupName: settings.groupName,
    ScheduleExpression: settings.expression,
    ScheduleExpressionTimezone: settings.timezone,
    FlexibleTimeWindow: { Mode: 'OFF' },
    State: settings.enabled ? 'ENABLED' : 'DISABLED',
    ActionAfterCompletion: 'NONE',
    Target: {
      Arn: settings.target.arn,
      RoleArn: settings.target.roleArn,
      Input: settings.target.input,
      RetryPolicy: {
        MaximumRetryAttempts: settings.target.maximumRetryAttempts,
        MaximumEventAgeInSeconds: settings.target.maximumEventAgeSeconds,
      },
    },
  };
}
