import {
  ConflictException,
  CreateScheduleCommand,
  DeleteScheduleCommand,
  ListSchedulesCommand,
  ResourceNotFoundException,
  SchedulerClient,
} from '@aws-sdk/client-scheduler';
import type { ListSchedulesCommandInput } from '@aws-sdk/client-scheduler';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { schedulerReservations } from '../../../lambdas/campaign-grant/adapters/scheduler-reservations.ts';

const OPTIONS = {
  groupName: 'grantline-dev-reservations',
  stateMachineArn: 'arn:aws:states:ap-northeast-2:000000000000:stateMachine:CampaignRun',
  roleArn: 'arn:aws:iam::000000000000:role/reservations',
};
const NAME = 'promotion-3-run-1-20261122090000';
const SCHEDULE = {
  name: NAME,
  at: '2026-11-22 09:00:00',
  executionName: NAME,
  input: { promotionId: '3' },
};

function makeSchedules() {
  const client = new SchedulerClient({ region: 'ap-northeast-2' });
  const scheduler = mockClient(client);
  return { scheduler, schedules: schedulerReservations(OPTIONS, client) };
}

const error = { $metadata: {}, message: 'no', Message: 'no' };

describe('a schedule', () => {
  it('starts the execution once, at that minute of Seoul, and is gone afterwards', async () => {
    const { scheduler, schedules } = makeSchedules();
    scheduler.on(CreateScheduleCommand).resolves({});

    await schedules.create(SCHEDULE);

    const [call] = scheduler.commandCalls(CreateScheduleCommand);
    const { Target, ...schedule } = call?.args[0].input ?? {};
    expect(schedule).toEqual({
      Name: NAME,
      GroupName: OPTIONS.groupName,
      ScheduleExpression: 'at(2026-11-22T09:00:00)',
      ScheduleExpressionTimezone: 'Asia/Seoul',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'DELETE',
    });
    expect(Target).toMatchObject({
      Arn: 'arn:aws:scheduler:::aws-sdk:sfn:startExecution',
      RoleArn: OPTIONS.roleArn,
    });
    expect(JSON.parse(Target?.Input ?? '')).toEqual({
      StateMachineArn: OPTIONS.stateMachineArn,
      Name: NAME,
      Input: '{"promotionId":"3"}',
    });
  });

  it('is made without the fraction that a DATETIME may have', async () => {
    const { scheduler, schedules } = makeSchedules();
    scheduler.on(CreateScheduleCommand).resolves({});

    await schedules.create({ ...SCHEDULE, at: '2026-11-22 09:00:00.000' });

    expect(scheduler.commandCalls(CreateScheduleCommand)[0]?.args[0].input.ScheduleExpression).toBe(
      'at(2026-11-22T09:00:00)',
    );
  });

  it('that exists already is left as it is', async () => {
    const { scheduler, schedules } = makeSchedules();
    scheduler.on(CreateScheduleCommand).rejects(new ConflictException(error));

    await expect(schedules.create(SCHEDULE)).resolves.toBeUndefined();
  });

  it('that Scheduler refuses for another reason fails', async () => {
    const { scheduler, schedules } = makeSchedules();
    scheduler.on(CreateScheduleCommand).rejects(new Error('quota'));

    await expect(schedules.create(SCHEDULE)).rejects.toThrow('quota');
  });

  it('is removed from its group by its name', async () => {
    const { scheduler, schedules } = makeSchedules();
    scheduler.on(DeleteScheduleCommand).resolves({});

    await schedules.delete(NAME);

    expect(scheduler.commandCalls(DeleteScheduleCommand)[0]?.args[0].input).toEqual({
      Name: NAME,
      GroupName: OPTIONS.groupName,
    });
  });

  it('that is gone is removed without an error; any other failure is one', async () => {
    const { scheduler, schedules } = makeSchedules();
    scheduler
      .on(DeleteScheduleCommand)
      .rejectsOnce(new ResourceNotFoundException(error))
      .rejects(new Error('away'));

    await expect(schedules.delete(NAME)).resolves.toBeUndefined();
    await expect(schedules.delete(NAME)).rejects.toThrow('away');
  });
});

describe('the list', () => {
  it('has the names of all pages of the group, and of no other group', async () => {
    const { scheduler, schedules } = makeSchedules();
    scheduler
      .on(ListSchedulesCommand, { GroupName: OPTIONS.groupName })
      .callsFake(({ NextToken }: ListSchedulesCommandInput) =>
        NextToken === 'more'
          ? { Schedules: [{ Name: 'c' }] }
          : { Schedules: [{ Name: 'a' }, { Name: 'b' }], NextToken: 'more' },
      );

    expect(await schedules.list()).toEqual(['a', 'b', 'c']);
  });

  it('of an empty group is empty', async () => {
    const { scheduler, schedules } = makeSchedules();
    scheduler.on(ListSchedulesCommand).resolves({ Schedules: [] });

    expect(await schedules.list()).toEqual([]);
  });
});
