import {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ResourceNotFoundException,
  SchedulerClient,
  paginateListSchedules,
} from '@aws-sdk/client-scheduler';
import type { ReservationSchedules } from '../ports.ts';

/** The universal target, because StartExecution's own target cannot name the execution. */
const START_EXECUTION = 'arn:aws:scheduler:::aws-sdk:sfn:startExecution';

export interface ReservationScheduleOptions {
  readonly groupName: string;
  readonly stateMachineArn: string;
  /** Which Scheduler takes to start executions. */
  readonly roleArn: string;
}

export function schedulerReservations(
  { groupName, stateMachineArn, roleArn }: ReservationScheduleOptions,
  client: SchedulerClient = new SchedulerClient({}),
): ReservationSchedules {
  return {
    async list() {
      const names: string[] = [];
      for await (const page of paginateListSchedules({ client }, { GroupName: groupName })) {
        names.push(...(page.Schedules ?? []).flatMap((schedule) => schedule.Name ?? []));
      }
      return names;
    },

    async create({ name, at, executionName, input }) {
      try {
        await client.send(
          new CreateScheduleCommand({
            Name: name,
            GroupName: groupName,
            ScheduleExpression: `at(${at.slice(0, 19).replace(' ', 'T')})`,
            ScheduleExpressionTimezone: 'Asia/Seoul',
            FlexibleTimeWindow: { Mode: 'OFF' },
            // Finished schedules would count against the account's quota for ever.
            ActionAfterCompletion: 'DELETE',
            Target: {
              Arn: START_EXECUTION,
              RoleArn: roleArn,
              Input: JSON.stringify({
                StateMachineArn: stateMachineArn,
                Name: executionName,
                Input: JSON.stringify(input),
              }),
            },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConflictException)) throw error;
      }
    },

    async delete(name) {
      try {
        await client.send(new DeleteScheduleCommand({ Name: name, GroupName: groupName }));
      } catch (error) {
        if (!(error instanceof ResourceNotFoundException)) throw error;
      }
    },
  };
}
