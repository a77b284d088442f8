/** A deployment over templates that run. */
import type { RoleGrants } from './iam/authorizer.ts';
import type { LambdaService } from './services/lambda/service.ts';
import type { FunctionModel, LocalModel } from './template/model.ts';

export interface Replacing {
  readonly lambda: LambdaService;
  /** By all services, once it resolves. */
  readonly enforce: (roles: readonly RoleGrants[]) => Promise<void>;
  readonly report: (line: string) => void;
}

/** @throws Error of one line that names what cannot be replaced */
export function requireReplaceable(running: LocalModel, next: LocalModel): void {
  const names = ({ functions }: LocalModel) =>
    functions
      .map(({ name }) => name)
      .toSorted()
      .join();
  if (names(next) !== names(running)) {
    throw new Error('the assembly has other functions than those that run: start the runtime anew');
  }
  for (const [who, roleArn] of rolesThatStay(next)) {
    const before = rolesThatStay(running).get(who);
    if (before !== undefined && before !== roleArn) {
      throw new Error(
        `the assembly has another role for ${who}, which stays as it is: start the runtime anew`,
      );
    }
  }
}

/** Of what a deployment leaves as it is here. What these roles may do is replaced. */
function rolesThatStay({ stateMachines, schedules }: LocalModel): Map<string, string> {
  return new Map([
    ...stateMachines.map(({ name, roleArn }): [string, string] => [`state machine ${name}`, roleArn]),
    ...schedules.map(({ name, target }): [string, string] => [`schedule ${name}`, target.roleArn]),
  ]);
}

/**
 * As CloudFormation does it: roles are there before the functions that take them, and those that are gone go last.
 * The functions of triggers come first, as what depends on them waits for what they do.
 */
export async function deploy(
  { functions, triggers }: LocalModel,
  roles: { readonly before: readonly RoleGrants[]; readonly next: readonly RoleGrants[] },
  { lambda, enforce, report }: Replacing,
): Promise<void> {
  const kept = roles.before.filter(({ arn }) => !roles.next.some((role) => role.arn === arn));
  await enforce([...roles.next, ...kept]);
  const isTriggered = ({ name }: FunctionModel) => triggers.some(({ functionName }) => functionName === name);
  for (const fn of functions.filter(isTriggered)) lambda.deploy(fn);
  for (const { functionName } of triggers) {
    report(`running ${functionName}, as a deployment does`);
    await lambda.invoke(functionName, {});
  }
  for (const fn of functions.filter((one) => !isTriggered(one))) lambda.deploy(fn);
  await enforce(roles.next);
}
