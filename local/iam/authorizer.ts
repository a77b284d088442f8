/** Refuses each call of a role that its policies do not allow, as AWS would, and keeps what was called. */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { statement } from '../template/policy.ts';
import { logCall } from './call-log.ts';
import { callerOf } from './credentials.ts';
import { decide } from './decide.ts';
import type { Call } from './decide.ts';

/** In a form that a service in a process of its own is told, and told anew when a deployment changes them. */
export const rolesWithGrants = z.array(
  z.object({
    name: z.string(),
    arn: z.string(),
    /** `stack/logicalId`. */
    place: z.string(),
    /** With the place of the role or of the policy that says it. */
    statements: z.array(statement.extend({ place: z.string() })),
  }),
);
export type RoleGrants = z.infer<typeof rolesWithGrants>[number];
export type GrantedStatement = RoleGrants['statements'][number];

export const authorizerOptions = z.object({
  roles: rolesWithGrants,
  /** A line of JSON for each call that was new, of every service. */
  callLog: z.string(),
});
export type AuthorizerOptions = z.infer<typeof authorizerOptions>;

export class AccessDenied extends Error {
  override readonly name = 'AccessDeniedException';
}

/** @throws AccessDenied */
export type Authorize = (headers: IncomingHttpHeaders, ...calls: readonly Call[]) => void;

/** @throws AccessDenied, also for a role that no template has */
export type AuthorizeRole = (roleArn: string | undefined, ...calls: readonly Call[]) => void;

export interface Authorizer {
  /** Of the caller of a request. Whoever has no role's key is the person at this machine, and may do everything. */
  readonly request: Authorize;
  /** Of a service that acts by a role. */
  readonly role: AuthorizeRole;
  /** From now on these are the roles, and there are no others. */
  readonly replace: (roles: readonly RoleGrants[]) => void;
}

/** For a service that is started by itself. */
export const ALLOW_ALL: Authorizer = {
  request: () => undefined,
  role: () => undefined,
  replace: () => undefined,
};

export function createAuthorizer(options: AuthorizerOptions | undefined): Authorizer {
  if (options === undefined) return ALLOW_ALL;
  const { callLog } = options;
  let roles: readonly RoleGrants[] = options.roles;
  /** By call: why it was refused, or undefined. */
  const judged = new Map<string, string | undefined>();

  const require = (role: RoleGrants | undefined, who: string, calls: readonly Call[]): void => {
    for (const call of calls) {
      const { action, resource, context } = call;
      const key = `${who} ${action} ${resource}${context === undefined ? '' : JSON.stringify(context)}`;
      if (!judged.has(key)) judged.set(key, judge(role, who, call, callLog));
      const refusal = judged.get(key);
      if (refusal !== undefined) throw new AccessDenied(refusal);
    }
  };
  return {
    request: (headers, ...calls) => {
      const who = callerOf(headers);
      if (who !== undefined) require(roles.find(({ name }) => name === who), who, calls);
    },
    role: (roleArn, ...calls) => {
      const role = roles.find(({ arn }) => arn === roleArn);
      require(role, role?.name ?? roleArn ?? 'no role', calls);
    },
    replace: (next) => {
      roles = next;
      judged.clear();
    },
  };
}

/** @returns why it is refused; undefined when it is allowed */
function judge(role: RoleGrants | undefined, who: string, call: Call, callLog: string): string | undefined {
  const why = role === undefined ? 'because no template has this role' : whyRefused(role, call);
  const refusal =
    why === undefined
      ? undefined
      : `User: ${role?.arn ?? who} is not authorized to perform: ${call.action} on resource: ${call.resource} ${why}`;
  logCall(callLog, { role: who, ...call, ...(refusal === undefined ? {} : { refusal }) });
  return refusal;
}

/** In AWS's words, with what would have to be written where, or what denies it where. */
function whyRefused({ place, statements }: RoleGrants, call: Call): string | undefined {
  const decision = decide(statements, call);
  switch (decision) {
    case 'allowed':
      return undefined;
    case 'not allowed':
      return `because no identity-based policy allows the ${call.action} action; missing in ${place}: ${missingStatement(call)}`;
    default:
      return `with an explicit deny in an identity-based policy: ${written(decision.deniedBy)} in ${decision.deniedBy.place}`;
  }
}

function missingStatement({ action, resource, context }: Call): string {
  const condition = context === undefined ? {} : { Condition: { StringEquals: context } };
  return JSON.stringify({ Effect: 'Allow', Action: action, Resource: resource, ...condition });
}

function written({ effect, actions, resources, conditions }: GrantedStatement): string {
  const condition = Object.keys(conditions).length === 0 ? {} : { Condition: conditions };
  return JSON.stringify({ Effect: effect, Action: actions, Resource: resources, ...condition });
}
