/** Of each role: how much it is granted, and what no call has used of it. */
import { isPatternOfActions } from '../../local/iam/grants.ts';
import type { Grant } from '../../local/iam/grants.ts';
import type { LocalModel } from '../../local/template/model.ts';

export interface Holder {
  /** A function's name, a state machine's, or a schedule's. */
  readonly name: string;
  readonly granted: number;
  readonly unused: readonly Pick<Grant, 'action' | 'resource'>[];
}

export type Named = Pick<LocalModel, 'functions' | 'stateMachines' | 'schedules'>;

/** By name. */
export function holdersOf(grants: readonly Grant[], model: Named): Holder[] {
  return [...Map.groupBy(grants, ({ roleArn }) => roleArn)]
    .map(([roleArn, ofRole]) => ({
      name: holderOf(roleArn, model),
      granted: ofRole.length,
      unused: ofRole.filter(({ isUsed }) => !isUsed).map(({ action, resource }) => ({ action, resource })),
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function holderOf(roleArn: string, { functions, stateMachines, schedules }: Named): string {
  const fn = functions.find((one) => one.roleArn === roleArn);
  if (fn !== undefined) return `function ${fn.name}`;
  const machine = stateMachines.find((one) => one.roleArn === roleArn);
  if (machine !== undefined) return `state machine ${machine.name}`;
  const schedule = schedules.find(({ target }) => target.roleArn === roleArn);
  return schedule === undefined ? `passed on: ${roleArn}` : `schedule ${schedule.name}`;
}

export function unusedBy(holders: readonly Holder[]): number {
  return holders.reduce((sum, { unused }) => sum + unused.length, 0);
}

export function linesOf(holders: readonly Holder[]): string[] {
  return [
    ...holders.flatMap(({ name, granted, unused }) => [
      `${name}: ${granted} granted, ${unused.length} never used`,
      ...unused.map(
        ({ action, resource }) =>
          `  ${action} on ${resource}${isPatternOfActions(action) ? ': write out the actions' : ''}`,
      ),
    ]),
    `${holders.length} roles, ${unusedBy(holders)} grants never used`,
  ];
}
