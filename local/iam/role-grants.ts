import { refuse } from '../template/errors.ts';
import type { Place } from '../template/errors.ts';
import type { LocalModel, RoleModel } from '../template/model.ts';
import type { Statement } from '../template/policy.ts';
import type { GrantedStatement, RoleGrants } from './authorizer.ts';
import { matchesPattern } from './decide.ts';

/**
 * The roles by which something runs here, with what they are granted.
 * @throws NotKnownLocally when one has a managed policy: what is in it is not in the templates
 */
export function roleGrants(model: LocalModel): RoleGrants[] {
  const used = new Set([
    ...model.functions.map(({ roleArn }) => roleArn),
    ...model.stateMachines.map(({ roleArn }) => roleArn),
    ...model.schedules.map(({ target }) => target.roleArn),
    ...rolesToPass(model).map(({ arn }) => arn),
  ]);
  return model.roles.filter(({ arn }) => used.has(arn)).map((role) => grantsOf(role, model));
}

/** Those that a function may give to what it makes, as to a schedule. */
export function rolesToPass({ roles, rolePolicies }: LocalModel): RoleModel[] {
  const passing = [...roles, ...rolePolicies]
    .flatMap(({ statements }) => statements)
    .filter(({ effect }) => effect === 'Allow')
    .filter(({ actions }) => actions.some((action) => matchesPattern(action, 'iam:PassRole')));
  const patterns = passing.flatMap(({ resources }) => resources);
  return roles.filter(({ arn }) => patterns.some((pattern) => matchesPattern(pattern, arn)));
}

function grantsOf(role: RoleModel, { rolePolicies }: LocalModel): RoleGrants {
  const { stack, logicalId, name, arn, managedPolicyArns } = role;
  const [managed] = managedPolicyArns;
  if (managed !== undefined) {
    const type = 'AWS::IAM::Role';
    refuse({ stack, logicalId, type }, `the managed policy ${managed}: write out what it allows`);
  }
  const attached = rolePolicies.filter(({ roleNames }) => roleNames.includes(name));
  return { name, arn, place: placeOf(role), statements: [role, ...attached].flatMap(withPlace) };
}

function withPlace(policy: Place & { readonly statements: readonly Statement[] }): GrantedStatement[] {
  return policy.statements.map((statement) => ({ ...statement, place: placeOf(policy) }));
}

function placeOf({ stack, logicalId }: Place): string {
  return `${stack}/${logicalId}`;
}
