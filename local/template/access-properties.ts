/** As properties.ts, of the types that say who may call what. */
import { z } from 'zod';
import { policyDocument } from './policy.ts';
import type { RunType } from './properties.ts';

export const role = {
  schema: z.object({
    RoleName: z.string().optional(),
    ManagedPolicyArns: z.array(z.string()).default([]),
    Policies: z.array(z.object({ PolicyDocument: policyDocument })).default([]),
  }),
  passedOver: ['AssumeRolePolicyDocument', 'Description', 'MaxSessionDuration', 'Path', 'Tags'],
} satisfies RunType;

export const policy = {
  schema: z.object({ PolicyDocument: policyDocument, Roles: z.array(z.string()).default([]) }),
  passedOver: ['PolicyName'],
} satisfies RunType;

export const permission = {
  schema: z.object({
    Action: z.string(),
    FunctionName: z.string(),
    Principal: z.string(),
    SourceArn: z.string().optional(),
  }),
  passedOver: ['SourceAccount'],
} satisfies RunType;

export const queuePolicy = {
  schema: z.object({ PolicyDocument: policyDocument, Queues: z.array(z.string()) }),
  passedOver: [],
} satisfies RunType;
