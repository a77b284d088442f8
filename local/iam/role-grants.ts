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

export interface PassedRole {
  readonly arn: string;
  /** Of the schedules that it may be given to. */
  readonly groupNames: readonly string[];
}

/** Those that a function may give to what it makes: here to schedules alone. */
export function rolesToPass(model: LocalModel): PassedRole[] {
  return model.roles.flatMap((passer) => {
    const allowed = statementsOf(passer, model).filter(({ effect }) => effect === 'Allow');
    const patterns = resourcesOf('iam:PassRole', allowed);
    const groupNames = resourcesOf('scheduler:CreateSchedule', allowed).flatMap(
      (resource) => /:schedule\/([^/]+)\//.exec(resource)?.[1] ?? [],
    );
    return model.roles
      .filter(({ arn }) => patterns.some((pattern) => matchesPattern(pattern, arn)))
      .map(({ arn }) => ({ arn, groupNames }));
  });
}

function resourcesOf(action: string, statements: readonly Statement[]): string[] {
  return statements
    .filter(({ actions }) => actions.some((pattern) => matchesPattern(pattern, action)))
    .flatMap(({ resources }) => resources);
}

function grantsOf(role: RoleModel, model: LocalModel): RoleGrants {
  const { stack, logicalId, name, arn, managedPolicyArns } = role;
  const [managed] = managedPolicyArns;
  if (managed !== undefined) {
    const type = 'AWS::IAM::Role';
    refuse({ stack, logicalId, type }, `the managed policy ${managed}: write out what it allows`);
  }
  return { name, arn, place: placeOf(role), statements: statementsOf(role, model) };
}

function statementsOf(role: RoleModel, { rolePolicies }: LocalModel): GrantedStatement[] {
  const attached = rolePolicies.filter(({ roleNames }) => roleNames.includes(role.name));
  return [role, ...attached].flatMap(withPlace);
}

function withPlace(policy: Place & { readonly statements: readonly Statement[] }): GrantedStatement[] {
  return policy.statements.map((statement) => ({ ...statement, place: placeOf(policy) }));
}

function placeOf({ stack, logicalId }: Place): string {
  return `${stack}/${logicalId}`;
}
