/** As properties.ts, of the types that say who may call what. */
import { z } from 'zod';
import { queuePolicyDocument, rolePolicyDocument, trustPolicyDocument } from './policy.ts';
import type { RunType } from './properties.ts';

export const role = {
  schema: z.object({
    RoleName: z.string().optional(),
    AssumeRolePolicyDocument: trustPolicyDocument,
    ManagedPolicyArns: z.array(z.string()).default([]),
    Policies: z.array(z.object({ PolicyDocument: rolePolicyDocument })).default([]),
  }),
  passedOver: ['Description', 'MaxSessionDuration', 'Path', 'Tags'],
} satisfies RunType;

export const policy = {
  schema: z.object({ PolicyDocument: rolePolicyDocument, Roles: z.array(z.string()).default([]) }),
  passedOver: ['PolicyName'],
} satisfies RunType;

/** Roles is in neither list: what a role may do is written in it, or in an AWS::IAM::Policy. */
export const managedPolicy = {
  schema: z.object({}),
  passedOver: ['Description', 'Groups', 'ManagedPolicyName', 'Path', 'PolicyDocument', 'Users'],
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
  schema: z.object({ PolicyDocument: queuePolicyDocument, Queues: z.array(z.string()) }),
  passedOver: [],
} satisfies RunType;
