import {
  CreateScheduleCommand,
  DeleteScheduleCommand,
  GetScheduleCommand,
  SchedulerClient,
  paginateListSchedules,
} from '@aws-sdk/client-scheduler';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { parseExpression } from '../../../local/services/scheduler/expression.ts';
import type { ScheduleSettings } from '../../../local/services/scheduler/schedule.ts';
import { startScheduler } from '../../../local/services/scheduler/server.ts';
import type { Scheduler, SchedulerOptions } from '../../../local/services/scheduler/server.ts';

const FUNCTION = 'arn:aws:lambda:ap-northeast-2:000000000000:function:work';
const MACHINE = 'arn:aws:states:ap-northeast-2:000000000000:stateMachine:run';
const START_EXECUTION = 'arn:aws:scheduler:::aws-sdk:sfn:startExecution';
const ROLE = 'arn:aws:iam::000000000000:role/x';

const makeSchedule = (
  overrides: Partial<ScheduleSettings> = {},
  target: Partial<ScheduleSettings['target']> = {},
) => ({
  name: 'every-minute',
  groupName: 'default',
  arn: 'arn:aws:scheduler:ap-northeast-2:000000000000:schedule/default/every-minute',
  expression: 'rate(1 minute)',
  timezone: 'Asia/Seoul',
  enabled: true,
  target: {
    arn: FUNCTION,
    roleArn: ROLE,
    input: undefined,
    maximumRetryAttempts: 0,
    maximumEventAgeSeconds: 60,
    ...target,
  },
  ...overrides,
});

const schedulers: Scheduler[] = [];
afterEach(async () => {
  for (const scheduler of schedulers.splice(0)) await scheduler.close();
});

async function start(overrides: Partial<SchedulerOptions> = {}) {
  const invokeFunction = vi.fn<SchedulerOptions['invokeFunction']>(() => Promise.resolve());
  const startExecution = vi.fn<SchedulerOptions['startExecution']>(() => Promise.resolve());
  const scheduler = await startScheduler({
    region: 'ap-northeast-2',
    accountId: '000000000000',
    schedules: [],
    scheduleGroups: [{ name: 'reservations' }],
    invokeFunction,
    startExecution,
    log: () => undefined,
    ...overrides,
  });
  schedulers.push(scheduler);
  const call = async (method: string, path: string, body?: object) => {
    const response = await fetch(scheduler.url + path, {
      method,
      ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const answer = z.record(z.string(), z.unknown()).parse(await response.json());
    return { status: response.status, code: response.headers.get('x-amzn-errortype'), answer };
  };
  return { scheduler, invokeFunction, startExecution, call };
}

/** A wall clock time in Seoul, as at() takes it. */
const inSeoul = (time: number) => new Date(time + 9 * 3_600_000).toISOString().slice(0, 19);

const makeInput = (overrides: object = {}) => ({
  GroupName: 'reservations',
  ScheduleExpression: `at(${inSeoul(Date.now() + 3_600_000)})`,
  ScheduleExpressionTimezone: 'Asia/Seoul',
  FlexibleTimeWindow: { Mode: 'OFF' },
  Target: { Arn: MACHINE, RoleArn: ROLE, Input: '{"promotionId":"7"}' },
  ...overrides,
});

describe('schedules of the templates', () => {
  it('are due from start() on, and send Scheduler’s own event where the template gives no input', async () => {
    const { scheduler, invokeFunction } = await start({ schedules: [makeSchedule()] });
    expect(invokeFunction).not.toHaveBeenCalled();

    scheduler.start();

    await vi.waitFor(() => expect(invokeFunction).toHaveBeenCalledOnce());
    expect(invokeFunction).toHaveBeenCalledWith(
      FUNCTION,
      expect.objectContaining({ source: 'aws.scheduler' }),
    );
  });

  it('fill the context attributes of their input', async () => {
    const input = '{"schedule":"<aws.scheduler.schedule-arn>","try":"<aws.scheduler.attempt-number>"}';
    const { scheduler, startExecution } = await start({
      schedules: [makeSchedule({}, { arn: MACHINE, input })],
    });

    scheduler.start();

    await vi.waitFor(() => expect(startExecution).toHaveBeenCalledOnce());
    expect(startExecution).toHaveBeenCalledWith({
      stateMachineArn: MACHINE,
      name: undefined,
      input: expect.stringContaining('default/every-minute","try":"1"') as unknown,
    });
  });

  it('do nothing while disabled', async () => {
    const { scheduler, invokeFunction } = await start({ schedules: [makeSchedule({ enabled: false })] });

    scheduler.start();
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(invokeFunction).not.toHaveBeenCalled();
  });

  it('try a target again that could not be started, within the retry policy', async () => {
    const invokeFunction = vi.fn(() => Promise.resolve()).mockRejectedValueOnce(new Error('not yet'));
    const { scheduler } = await start({
      schedules: [makeSchedule({}, { maximumRetryAttempts: 1 })],
      invokeFunction,
    });

    scheduler.start();

    await vi.waitFor(() => expect(invokeFunction).toHaveBeenCalledTimes(2), { timeout: 5000 });
  });
});

describe('the universal target sfn:startExecution', () => {
  const scheduleOf = (input: string | undefined, arn = START_EXECUTION) =>
    makeSchedule({ expression: 'at(2020-01-01T00:00:00)' }, { arn, input, maximumRetryAttempts: 3 });

  it('starts the execution of the name and input in its request', async () => {
    const input = JSON.stringify({
      StateMachineArn: MACHINE,
      Name: 'promotion-7-<aws.scheduler.attempt-number>',
      Input: '{"promotionId":"7"}',
    });
    const { scheduler, startExecution } = await start({ schedules: [scheduleOf(input)] });

    scheduler.start();

    await vi.waitFor(() => expect(startExecution).toHaveBeenCalledOnce());
    expect(startExecution).toHaveBeenCalledWith({
      stateMachineArn: MACHINE,
      name: 'promotion-7-1',
      input: '{"promotionId":"7"}',
    });
  });

  it('counts an execution that is there already as delivered', async () => {
    const already = Object.assign(new Error('there'), { name: 'ExecutionAlreadyExists' });
    const startExecution = vi.fn(() => Promise.reject(already));
    const lines: string[] = [];
    const { scheduler, call } = await start({ startExecution, log: (line) => lines.push(line) });
    scheduler.start();

    await call('POST', '/schedules/go', {
      ...makeInput({ ScheduleExpression: 'at(2020-01-01T00:00:00)', ActionAfterCompletion: 'DELETE' }),
      Target: {
        Arn: START_EXECUTION,
        RoleArn: ROLE,
        Input: JSON.stringify({ StateMachineArn: MACHINE, Name: 'promotion-7' }),
      },
    });

    await vi.waitFor(async () => {
      expect((await call('GET', '/schedules/go?groupName=reservations')).status).toBe(404);
    });
    expect(startExecution).toHaveBeenCalledOnce();
    expect(lines).toEqual([]);
  });

  it.each([
    ['another API', 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage', '{}', /aws-sdk:sfn:startExecution/],
    ['a queue', 'arn:aws:sqs:ap-northeast-2:000000000000:jobs', '{}', /knows Lambda functions/],
    ['no input', START_EXECUTION, undefined, /Input of sfn:startExecution/],
    ['no state machine', START_EXECUTION, '{"Name":"x"}', /StateMachineArn/],
    ['an object as the execution’s input', START_EXECUTION, `{"StateMachineArn":"m","Input":{}}`, /Input/],
    ['an unknown parameter', START_EXECUTION, `{"StateMachineArn":"m","name":"x"}`, /name/],
  ])('and no other: %s is refused, by the API and in templates', async (_what, Arn, Input, message) => {
    const { call } = await start();

    const refused = await call('POST', '/schedules/go', {
      ...makeInput(),
      Target: { Arn, RoleArn: ROLE, Input },
    });

    expect(refused).toMatchObject({ status: 400, code: 'ValidationException' });
    expect(refused.answer.Message).toMatch(message);
    expect((await call('GET', '/schedules/go?groupName=reservations')).status).toBe(404);
    await expect(start({ schedules: [scheduleOf(Input, Arn)] })).rejects.toThrow(message);
  });
});

describe('expressions', () => {
  it.each([
    ['Asia/Seoul', '2026-12-01T09:00:00', '2026-12-01T00:00:00Z'],
    ['UTC', '2026-12-01T09:00:00', '2026-12-01T09:00:00Z'],
    ['America/New_York', '2026-03-08T01:59:59', '2026-03-08T06:59:59Z'],
    ['America/New_York', '2026-03-08T03:00:00', '2026-03-08T07:00:00Z'],
  ])('at() in %s at %s is %s', (timezone, local, instant) => {
    expect(parseExpression(`at(${local})`, timezone)).toEqual({ kind: 'at', time: Date.parse(instant) });
  });

  it.each([
    [
      'every night at one in Seoul',
      'cron(0 1 * * ? *)',
      'Asia/Seoul',
      ['2026-11-21T16:00:00Z', '2026-11-22T16:00:00Z'],
    ],
    ['every hour', 'cron(0 * * * ? *)', 'Asia/Seoul', ['2026-11-21T13:00:00Z', '2026-11-21T14:00:00Z']],
    [
      'on Sundays, which are 1',
      'cron(30 9 ? * 1 *)',
      'UTC',
      ['2026-11-22T09:30:00Z', '2026-11-29T09:30:00Z'],
    ],
    [
      'every quarter of an hour',
      'cron(0/15 * * * ? *)',
      'UTC',
      ['2026-11-21T12:30:00Z', '2026-11-21T12:45:00Z'],
    ],
    ['of a year that is over', 'cron(0 1 * * ? 2020)', 'UTC', [undefined]],
  ])('cron(): %s', (_name, text, timezone, dues) => {
    const expression = parseExpression(text, timezone);
    if (expression.kind !== 'cron') throw new Error('it is no cron expression');
    let after = Date.parse('2026-11-21T12:15:00Z');
    for (const due of dues) {
      const next = expression.nextAfter(after);
      expect(next).toBe(due === undefined ? undefined : Date.parse(due));
      after = next ?? after;
    }
  });

  it.each([
    'cron(0 1 * * * *)',
    'cron(0 1 ? * ? *)',
    'cron(0 1 * * ?)',
    'cron(61 1 * * ? *)',
    'cron(0 1 * * ? * 7)',
  ])('refuses %s, as AWS does', (text) => {
    expect(() => parseExpression(text, 'UTC')).toThrow(`Invalid Schedule Expression ${text}`);
  });

  it.each(['rate(0 minutes)', 'at(tomorrow)', 'at(2026-13-01T00:00:00)', ''])('refuses %o', (expression) => {
    expect(() => parseExpression(expression, 'UTC')).toThrow('Invalid Schedule Expression');
  });

  it('refuses a time zone that nobody knows', () => {
    expect(() => parseExpression('at(2026-12-01T00:00:00)', 'Asia/Atlantis')).toThrow('Timezone');
  });
});

describe('the API for one-time schedules', () => {
  it('starts the target once and deletes the schedule after it, when asked to', async () => {
    const { scheduler, call, startExecution } = await start();
    scheduler.start();
    const ScheduleExpression = `at(${inSeoul(Date.now() + 1000)})`;

    await call('POST', '/schedules/go', makeInput({ ScheduleExpression, ActionAfterCompletion: 'DELETE' }));
    await call('POST', '/schedules/stay', makeInput({ ScheduleExpression }));

    await vi.waitFor(() => expect(startExecution).toHaveBeenCalledTimes(2), { timeout: 3000 });
    expect(startExecution).toHaveBeenCalledWith({
      stateMachineArn: MACHINE,
      name: undefined,
      input: '{"promotionId":"7"}',
    });
    await vi.waitFor(async () => {
      expect((await call('GET', '/schedules/go?groupName=reservations')).status).toBe(404);
    });
    expect((await call('GET', '/schedules/stay?groupName=reservations')).status).toBe(200);
  });

  it('takes a time of the past, and is due at once', async () => {
    const { scheduler, call, startExecution } = await start();
    scheduler.start();

    const created = await call(
      'POST',
      '/schedules/late',
      makeInput({ ScheduleExpression: 'at(2022-12-31T23:59:59)', ActionAfterCompletion: 'DELETE' }),
    );

    expect(created.status).toBe(200);
    await vi.waitFor(() => expect(startExecution).toHaveBeenCalledOnce());
    await vi.waitFor(async () => {
      expect((await call('GET', '/schedules/late?groupName=reservations')).status).toBe(404);
    });
  });

  it('deletes a schedule whose target could not be started in the end, too', async () => {
    const { scheduler, call } = await start({ startExecution: () => Promise.reject(new Error('gone')) });
    scheduler.start();
    const input = makeInput({
      ActionAfterCompletion: 'DELETE',
      ScheduleExpression: 'at(2022-12-31T23:59:59)',
    });

    await call('POST', '/schedules/go', {
      ...input,
      Target: { ...input.Target, RetryPolicy: { MaximumRetryAttempts: 0 } },
    });

    await vi.waitFor(async () => {
      expect((await call('GET', '/schedules/go?groupName=reservations')).status).toBe(404);
    });
  });

  it('answers the same request a second time as the first time', async () => {
    const { call } = await start();
    const input = { ...makeInput(), ClientToken: 'token-1' };

    const first = await call('POST', '/schedules/go', input);

    expect(await call('POST', '/schedules/go', input)).toEqual(first);
    expect(await call('POST', '/schedules/go', { ...input, ClientToken: 'token-2' })).toMatchObject({
      code: 'ConflictException',
    });
    expect((await call('GET', '/schedules/go?groupName=reservations')).answer).not.toHaveProperty(
      'ClientToken',
    );
  });

  it('deletes with a content type and no body, as a client may send it', async () => {
    const { scheduler, call } = await start();
    await call('POST', '/schedules/go', makeInput());

    const response = await fetch(`${scheduler.url}/schedules/go?groupName=reservations`, {
      method: 'DELETE',
      headers: { 'content-type': 'application/json' },
    });

    expect(response.status).toBe(200);
    expect((await call('DELETE', '/schedules/go?groupName=reservations')).status).toBe(404);
  });

  it('creates, shows, moves and deletes', async () => {
    const { call } = await start();

    const created = await call('POST', '/schedules/go', makeInput());
    expect(created.answer.ScheduleArn).toBe(
      'arn:aws:scheduler:ap-northeast-2:000000000000:schedule/reservations/go',
    );

    await call('PUT', '/schedules/go', makeInput({ ScheduleExpression: 'at(2027-01-01T00:00:00)' }));
    const shown = await call('GET', '/schedules/go?groupName=reservations');
    expect(shown.answer).toMatchObject({
      Name: 'go',
      ScheduleExpression: 'at(2027-01-01T00:00:00)',
      State: 'ENABLED',
    });

    await call('DELETE', '/schedules/go?groupName=reservations');
    const gone = await call('GET', '/schedules/go?groupName=reservations');
    expect(gone).toMatchObject({ status: 404, code: 'ResourceNotFoundException' });
  });

  it('lists by group and prefix, page by page', async () => {
    const { call } = await start({ schedules: [makeSchedule()] });
    for (const name of ['a-1', 'a-2', 'b-1']) await call('POST', `/schedules/${name}`, makeInput());

    const first = await call('GET', '/schedules?ScheduleGroup=reservations&NamePrefix=a-&MaxResults=1');
    const token = String(first.answer.NextToken);
    const second = await call(
      'GET',
      `/schedules?ScheduleGroup=reservations&NamePrefix=a-&MaxResults=1&NextToken=${token}`,
    );

    expect(first.answer.Schedules).toMatchObject([{ Name: 'a-1' }]);
    expect(second.answer).toMatchObject({ Schedules: [{ Name: 'a-2' }] });
    expect(second.answer).not.toHaveProperty('NextToken');
  });

  it('leaves out no schedule of the next page when one of the page before is deleted', async () => {
    const { call } = await start();
    for (const name of ['a', 'b', 'c']) await call('POST', `/schedules/${name}`, makeInput());
    const first = await call('GET', '/schedules?MaxResults=2');

    await call('DELETE', '/schedules/a?groupName=reservations');
    const second = await call('GET', `/schedules?MaxResults=2&NextToken=${String(first.answer.NextToken)}`);

    expect(first.answer.Schedules).toMatchObject([{ Name: 'a' }, { Name: 'b' }]);
    expect(second.answer.Schedules).toMatchObject([{ Name: 'c' }]);
  });

  it('refuses a name in use, an unknown group, a bad expression, and keeps the schedule that was to be changed', async () => {
    const { call } = await start();
    await call('POST', '/schedules/go', makeInput());

    expect(await call('POST', '/schedules/go', makeInput())).toMatchObject({
      status: 409,
      code: 'ConflictException',
    });
    expect(await call('POST', '/schedules/x', makeInput({ GroupName: 'other' }))).toMatchObject({
      status: 404,
      code: 'ResourceNotFoundException',
    });
    expect(await call('GET', '/schedules?NextToken=!')).toMatchObject({ code: 'ValidationException' });
    expect(await call('PUT', '/schedules/go', makeInput({ ScheduleExpression: 'at(never)' }))).toMatchObject({
      status: 400,
      code: 'ValidationException',
    });
    expect((await call('GET', '/schedules/go?groupName=reservations')).answer.ScheduleExpression).not.toBe(
      'at(never)',
    );
  });
});

describe('AWS’s own client', () => {
  async function startWithClient() {
    const { scheduler } = await start();
    return new SchedulerClient({
      endpoint: scheduler.url,
      region: 'ap-northeast-2',
      credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
      maxAttempts: 1,
    });
  }
  const request = (Name: string) =>
    new CreateScheduleCommand({
      Name,
      GroupName: 'reservations',
      ScheduleExpression: 'at(2030-01-01T09:00:00)',
      ScheduleExpressionTimezone: 'Asia/Seoul',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ActionAfterCompletion: 'DELETE',
      Target: {
        Arn: START_EXECUTION,
        RoleArn: ROLE,
        Input: JSON.stringify({ StateMachineArn: MACHINE, Name, Input: '{}' }),
        RetryPolicy: { MaximumRetryAttempts: 5, MaximumEventAgeInSeconds: 3600 },
        DeadLetterConfig: { Arn: 'arn:aws:sqs:ap-northeast-2:000000000000:failed' },
      },
    });
  const named = (Name: string) => ({ Name, GroupName: 'reservations' });

  it('creates a schedule, sees it as it was made, and deletes it', async () => {
    const client = await startWithClient();

    const { ScheduleArn } = await client.send(request('go'));
    const shown = await client.send(new GetScheduleCommand(named('go')));
    await client.send(new DeleteScheduleCommand(named('go')));

    expect(shown).toMatchObject({ ...request('go').input, Arn: ScheduleArn, State: 'ENABLED' });
    expect(shown.CreationDate?.getTime()).toBeGreaterThan(Date.now() - 60_000);
    await expect(client.send(new DeleteScheduleCommand(named('go')))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
      message: expect.stringContaining('go') as unknown,
    });
  });

  it('goes through all schedules of a group, page by page', async () => {
    const client = await startWithClient();
    for (const name of ['p-1', 'p-2', 'p-3', 'q-1']) await client.send(request(name));

    const pages: (string | undefined)[][] = [];
    const config = { client, pageSize: 2 };
    for await (const page of paginateListSchedules(config, { GroupName: 'reservations', NamePrefix: 'p-' })) {
      pages.push((page.Schedules ?? []).map(({ Name }) => Name));
    }

    expect(pages).toEqual([['p-1', 'p-2'], ['p-3']]);
  });

  it('learns the names of the refusals', async () => {
    const client = await startWithClient();
    await client.send(request('go'));
    const { Target, ...input } = request('other').input;

    await expect(client.send(request('go'))).rejects.toMatchObject({ name: 'ConflictException' });
    await expect(
      client.send(
        new CreateScheduleCommand({
          ...input,
          Target: {
            RoleArn: Target?.RoleArn,
            Arn: 'arn:aws:scheduler:::aws-sdk:sqs:sendMessage',
            Input: '{}',
          },
        }),
      ),
    ).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('sfn:startExecution') as unknown,
    });
  });
});
