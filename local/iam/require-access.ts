import type { LocalModel } from '../template/model.ts';
import { createAuthorizer } from './authorizer.ts';
import type { AuthorizerOptions } from './authorizer.ts';
import { requireServiceAccess } from './require-service-access.ts';
import { requireServiceCalls } from './service-calls.ts';
import { requireTrust } from './require-trust.ts';
import { roleGrants } from './role-grants.ts';

/**
 * What can be said of who may call what before anything runs, of templates that start or that replace others.
 * @returns what authorizers are made of
 * @throws Error of one line for the first right that is missing
 */
export function requireAccess(model: LocalModel, callLog: string): AuthorizerOptions {
  requireServiceAccess(model);
  requireTrust(model);
  const options = { roles: roleGrants(model), callLog };
  requireServiceCalls(model, createAuthorizer(options).role);
  return options;
}
