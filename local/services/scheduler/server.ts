/** EventBridge Scheduler on this machine: the templates' schedules, and those that are made through its API. */
import Fastify from 'fastify';
import { z } from 'zod';
import type { RunningService } from '../../process/child-service.ts';
import { groupQuery, listQuery, scheduleInput, scheduleName } from './api-messages.ts';
import { InvalidExpression } from './expression.ts';
import type { ScheduleSettings } from './schedule.ts';
import { SchedulerError, Schedules } from './schedules.ts';
import type { StoredSchedule } from './schedules.ts';

export interface SchedulerOptions {
  readonly region: string;
  readonly accountId: string;
  /** ScheduleModel of local/template has the shape. */
  readonly schedules: readonly ScheduleSettings[];
  /** The schedule groups besides `default`. */
  readonly scheduleGroups: readonly { readonly name: string }[];
  /** Resolves when the invocation was accepted: the real one invokes asynchronously. */
  readonly invokeFunction: (functionArn: string, payload: unknown) => Promise<unknown>;
  /** Resolves when the execution has started. `input` is JSON text. */
  readonly startExecution: (stateMachineArn: string, input: string) => Promise<unknown>;
  readonly port?: number;
  readonly log?: (line: string) => void;
}

export interface Scheduler extends RunningService {
  /** From now on schedules are due; until then they only wait, so that what they start can come up first. */
  start(): void;
}

/**
 * The API listens on 127.0.0.1 at once; nothing is due before start().
 * @throws InvalidExpression in one line for a template's schedule that cannot be run here.
 */
export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const schedules = new Schedules({
    account: { region: options.region, account: options.accountId },
    groups: options.scheduleGroups.map(({ name }) => name),
    startTarget: (arn, input) => startTarget(options, arn, input),
    log: options.log ?? ((line) => console.error(line)),
  });
  for (const schedule of options.schedules) schedules.add(schedule);

  const app = schedulerApi(schedules);
  const url = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  return {
    url,
    start: () => schedules.start(),
    close: async () => {
      schedules.stop();
      await app.close();
    },
  };
}

async function startTarget(options: SchedulerOptions, arn: string, input: string): Promise<void> {
  const service = arn.split(':')[2];
  if (service === 'lambda') await options.invokeFunction(arn, JSON.parse(input));
  else if (service === 'states') await options.startExecution(arn, input);
  else throw new Error(`the local scheduler starts functions and state machines, not ${arn}`);
}

function schedulerApi(schedules: Schedules) {
  const app = Fastify();
  app.setErrorHandler((error, _request, reply) => {
    const invalid = error instanceof z.ZodError || error instanceof InvalidExpression;
    const status = error instanceof SchedulerError ? error.statusCode : invalid ? 400 : 500;
    const code =
      error instanceof SchedulerError
        ? error.name
        : invalid
          ? 'ValidationException'
          : 'InternalServerException';
    const message =
      error instanceof z.ZodError ? z.prettifyError(error) : error instanceof Error ? error.message : '';
    return reply.code(status).header('x-amzn-errortype', code).send({ Message: message });
  });

  app.post('/schedules/:name', (request) => {
    const { name } = scheduleName.parse(request.params);
    return Promise.resolve({ ScheduleArn: schedules.create(name, scheduleInput.parse(request.body)).arn });
  });
  app.put('/schedules/:name', (request) => {
    const { name } = scheduleName.parse(request.params);
    return Promise.resolve({ ScheduleArn: schedules.update(name, scheduleInput.parse(request.body)).arn });
  });
  app.get('/schedules/:name', (request) => {
    const { name } = scheduleName.parse(request.params);
    return Promise.resolve(described(schedules.get(groupQuery.parse(request.query).groupName, name)));
  });
  app.delete('/schedules/:name', (request) => {
    const { name } = scheduleName.parse(request.params);
    schedules.remove(groupQuery.parse(request.query).groupName, name);
    return Promise.resolve({});
  });
  app.get('/schedules', (request) => {
    const query = listQuery.parse(request.query);
    const matching = schedules
      .list()
      .filter(({ input }) => query.ScheduleGroup === undefined || input.GroupName === query.ScheduleGroup)
      .filter(({ input }) => query.State === undefined || input.State === query.State)
      .filter(({ name }) => name.startsWith(query.NamePrefix));
    const end = query.NextToken + query.MaxResults;
    return Promise.resolve({
      Schedules: matching.slice(query.NextToken, end).map(summary),
      ...(end < matching.length && { NextToken: String(end) }),
    });
  });
  return app;
}

function described({ name, arn, input, created, modified }: StoredSchedule): object {
  return { Name: name, Arn: arn, ...input, CreationDate: created, LastModificationDate: modified };
}

function summary({ name, arn, input, created, modified }: StoredSchedule): object {
  const { GroupName, State, Target } = input;
  return {
    Name: name,
    Arn: arn,
    GroupName,
    State,
    Target: { Arn: Target.Arn },
    CreationDate: created,
    LastModificationDate: modified,
  };
}
