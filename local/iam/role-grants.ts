import { refuse } from '../template/errors.ts';
import type { LocalModel, RoleModel } from '../template/model.ts';
import type { RoleGrants } from './authorizer.ts';

/**
 * The roles by which something runs here, with what they are granted.
 * @throws NotKnownLocally when one has a managed policy: what is in it is not in the templates
 */
export function roleGrants(model: LocalModel): RoleGrants[] {
  const used = new Set<string | undefined>([
    ...model.functions.map(({ roleArn }) => roleArn),
    ...model.stateMachines.map(({ roleArn }) => roleArn),
    ...model.schedules.map(({ target }) => target.roleArn),
    ...rolesToPass(model),
  ]);
  return model.roles.filter(({ arn }) => used.has(arn)).map((role) => grantsOf(role, model));
}

/** Those that a function may give to what it makes, as to a schedule. */
function rolesToPass({ rolePolicies }: LocalModel): string[] {
  return rolePolicies
    .flatMap(({ statements }) => statements)
    .filter(({ actions }) => actions.includes('iam:PassRole'))
    .flatMap(({ resources }) => resources);
}

function grantsOf(role: RoleModel, { rolePolicies }: LocalModel): RoleGrants {
  const { stack, logicalId, name, arn, managedPolicyArns } = role;
  const [managed] = managedPolicyArns;
  if (managed !== undefined) {
    const type = 'AWS::IAM::Role';
    refuse({ stack, logicalId, type }, `the managed policy ${managed}: write out what it allows`);
  }
  const attached = rolePolicies.filter(({ roleNames }) => roleNames.includes(name));
  return {
    name,
    arn,
    place: `${stack}/${logicalId}`,
    statements: [...role.statements, ...attached.flatMap(({ statements }) => statements)],
  };
}
