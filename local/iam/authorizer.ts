/** Refuses each call of a role that its policies do not allow, as AWS would, and keeps what was called. */
import type { IncomingHttpHeaders } from 'node:http';
import { z } from 'zod';
import { statement } from '../template/policy.ts';
import { logCall } from './call-log.ts';
import { accessKeyOf } from './credentials.ts';
import { decide } from './decide.ts';
import type { Call, Decision } from './decide.ts';

/** In a form that a service in a process of its own is told. */
export const authorizerOptions = z.object({
  roles: z.array(
    z.object({
      name: z.string(),
      arn: z.string(),
      /** `stack/logicalId`. */
      place: z.string(),
      statements: z.array(statement),
    }),
  ),
  /** A line of JSON for each call that was new, of every service. */
  callLog: z.string(),
});
export type AuthorizerOptions = z.infer<typeof authorizerOptions>;
export type RoleGrants = AuthorizerOptions['roles'][number];

export class AccessDenied extends Error {
  override readonly name = 'AccessDeniedException';
}

/** @throws AccessDenied */
export type Authorize = (headers: IncomingHttpHeaders, ...calls: readonly Call[]) => void;

/** @throws AccessDenied */
export type AuthorizeRole = (roleArn: string | undefined, ...calls: readonly Call[]) => void;

export interface Authorizer {
  /** Of the caller of a request. Whoever is no role is the person at this machine, and may do everything. */
  readonly request: Authorize;
  /** Of a service that acts by a role. */
  readonly role: AuthorizeRole;
}

/** For a service that is started by itself. */
export const ALLOW_ALL: Authorizer = { request: () => undefined, role: () => undefined };

export function createAuthorizer(options: AuthorizerOptions | undefined): Authorizer {
  if (options === undefined) return ALLOW_ALL;
  const byName = new Map(options.roles.map((role) => [role.name, role]));
  const byArn = new Map(options.roles.map((role) => [role.arn, role]));
  const refusals = new Map<string, string | undefined>();

  const require = (role: RoleGrants, call: Call): void => {
    const { action, resource, context } = call;
    const key = `${role.name} ${action} ${resource}${context === undefined ? '' : JSON.stringify(context)}`;
    if (!refusals.has(key)) refusals.set(key, judge(role, call, options.callLog));
    const refusal = refusals.get(key);
    if (refusal !== undefined) throw new AccessDenied(refusal);
  };
  const requireAll = (role: RoleGrants | undefined, calls: readonly Call[]): void => {
    if (role !== undefined) for (const call of calls) require(role, call);
  };
  return {
    request: (headers, ...calls) => requireAll(byName.get(accessKeyOf(headers) ?? ''), calls),
    role: (arn, ...calls) => requireAll(byArn.get(arn ?? ''), calls),
  };
}

/** @returns why it is refused; undefined when it is allowed */
function judge(role: RoleGrants, call: Call, callLog: string): string | undefined {
  const decision = decide(role.statements, call);
  const refusal = decision === 'allowed' ? undefined : refusalOf(role, call, decision);
  logCall(callLog, { role: role.name, ...call, ...(refusal === undefined ? {} : { refusal }) });
  return refusal;
}

/** AWS's words, and what would have to be written where. */
function refusalOf({ arn, place }: RoleGrants, call: Call, decision: Decision): string {
  const { action, resource } = call;
  const why =
    decision === 'denied'
      ? 'with an explicit deny in an identity-based policy'
      : `because no identity-based policy allows the ${action} action; ` +
        `missing in ${place}: ${missingStatement(call)}`;
  return `User: ${arn} is not authorized to perform: ${action} on resource: ${resource} ${why}`;
}

function missingStatement({ action, resource, context }: Call): string {
  const condition = context === undefined ? {} : { Condition: { StringEquals: context } };
  return JSON.stringify({ Effect: 'Allow', Action: action, Resource: resource, ...condition });
}
