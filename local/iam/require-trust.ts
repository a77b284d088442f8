/** That AWS's services may assume the roles that the templates give them: without it a deployment fails. */
import type { LocalModel } from '../template/model.ts';
import { decideFor } from './decide.ts';
import { rolesToPass } from './role-grants.ts';

interface Assumption {
  readonly roleArn: string;
  /** Of a service. */
  readonly principal: string;
  readonly who: string;
  readonly context?: Readonly<Record<string, string>>;
}

/** @throws Error of one line that names the role, who is to assume it, and the statement that is missing or denies it */
export function requireTrust(model: LocalModel): void {
  for (const { roleArn, principal, who, context = {} } of assumptions(model)) {
    const role = model.roles.find(({ arn }) => arn === roleArn);
    if (role === undefined) throw new Error(`${who} has the role ${roleArn}, which no template has`);
    const call = { action: 'sts:AssumeRole', resource: roleArn, context };
    const decision = decideFor(principal, role.trust, call);
    if (decision === 'allowed') continue;
    const place = `${role.stack}/${role.logicalId}`;
    const why =
      decision === 'not allowed'
        ? `missing in the trust policy of ${place}: ${missingStatement(principal)}`
        : `a statement of the trust policy of ${place} denies it: ${JSON.stringify(decision.deniedBy)}`;
    throw new Error(`${principal} may not assume the role of ${who}; ${why}`);
  }
}

function assumptions(model: LocalModel): Assumption[] {
  const ofAccount = { 'aws:SourceAccount': model.account };
  const scheduler = 'scheduler.amazonaws.com';
  const groups = `arn:aws:scheduler:${model.region}:${model.account}:schedule-group`;
  return [
    ...model.functions.map(({ roleArn, name }): Assumption => {
      return { roleArn, principal: 'lambda.amazonaws.com', who: `function ${name}` };
    }),
    ...model.stateMachines.map(({ roleArn, name, arn }): Assumption => {
      const context = { ...ofAccount, 'aws:SourceArn': arn };
      return { roleArn, principal: 'states.amazonaws.com', who: `state machine ${name}`, context };
    }),
    ...model.schedules.map(({ target: { roleArn }, name, groupName }): Assumption => {
      const context = { ...ofAccount, 'aws:SourceArn': `${groups}/${groupName}` };
      return { roleArn, principal: scheduler, who: `schedule ${name}`, context };
    }),
    // Here roles are passed to schedules alone.
    ...rolesToPass(model).map(({ arn }): Assumption => {
      return { roleArn: arn, principal: scheduler, who: 'schedules that are made later', context: ofAccount };
    }),
  ];
}

function missingStatement(Service: string): string {
  return JSON.stringify({ Effect: 'Allow', Principal: { Service }, Action: 'sts:AssumeRole' });
}
