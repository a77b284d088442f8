import type { RoleGrants } from './authorizer.ts';
import type { LoggedCall } from './call-log.ts';
import { applies } from './decide.ts';

/** One action on one resource that a role's statements allow. */
export interface Grant {
  readonly roleArn: string;
  readonly action: string;
  readonly resource: string;
  readonly isUsed: boolean;
}

/** One that a call used says nothing of the others that it stands for. */
export function isPatternOfActions(action: string): boolean {
  return /[*?]/.test(action);
}

/** Used where the other one is: who begins a transaction must be able to give it up, which few runs need. */
const GOES_WITH: Readonly<Partial<Record<string, string>>> = {
  'rds-data:RollbackTransaction': 'rds-data:BeginTransaction',
};

/** In the templates' order. */
export function grantsOf(roles: readonly RoleGrants[], calls: readonly LoggedCall[]): Grant[] {
  return roles.flatMap(({ name, arn, statements }) => {
    const made = calls.filter(({ role, refusal }) => role === name && refusal === undefined);
    return statements
      .filter(({ effect }) => effect === 'Allow')
      .flatMap((statement) =>
        statement.actions.flatMap((action) =>
          statement.resources.map((resource): Grant => {
            const one = { ...statement, actions: [GOES_WITH[action] ?? action], resources: [resource] };
            const isUsed = !isPatternOfActions(action) && made.some((call) => applies(one, call));
            return { roleArn: arn, action, resource, isUsed };
          }),
        ),
      );
  });
}
