/** EventBridge Scheduler on this machine: the templates' schedules, and those that are made through its API. */
import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import { z } from 'zod';
import { sendAccessDenied } from '../../iam/access-denied.ts';
import { ALLOW_ALL, AccessDenied } from '../../iam/authorizer.ts';
import type { Authorizer } from '../../iam/authorizer.ts';
import type { Call } from '../../iam/decide.ts';
import type { RunningService } from '../../process/child-service.ts';
import { groupQuery, jsonText, listQuery, scheduleInput, scheduleName } from './api-messages.ts';
import type { ScheduleInput } from './api-messages.ts';
import { InvalidExpression } from './expression.ts';
import type { ScheduleSettings } from './schedule.ts';
import { pageAfter } from './paging.ts';
import { SchedulerError, Schedules, scheduleKey } from './schedules.ts';
import type { StoredSchedule } from './schedules.ts';
import { InvalidTarget, startTarget } from './target.ts';
import type { TargetStarters } from './target.ts';

export interface SchedulerOptions extends TargetStarters {
  readonly region: string;
  readonly accountId: string;
  /** ScheduleModel of local/template has the shape. */
  readonly schedules: readonly ScheduleSettings[];
  /** The schedule groups besides `default`. */
  readonly scheduleGroups: readonly { readonly name: string }[];
  readonly port?: number;
  readonly log?: (line: string) => void;
  readonly authorizer?: Authorizer;
}

export interface Scheduler extends RunningService {
  /** From now on schedules are due; until then they only wait, so that what they start can come up first. */
  start(): void;
}

/**
 * The API listens on 127.0.0.1 at once; nothing is due before start().
 * @throws InvalidExpression, or InvalidTarget, in one line for a template's schedule that cannot be run here.
 */
export async function startScheduler(options: SchedulerOptions): Promise<Scheduler> {
  const schedules = new Schedules({
    account: { region: options.region, account: options.accountId },
    groups: options.scheduleGroups.map(({ name }) => name),
    startTarget: (target, input) => startTarget(options, target, input),
    log: options.log ?? ((line) => console.error(line)),
  });
  for (const schedule of options.schedules) schedules.add(schedule);

  const app = schedulerApi(schedules, options);
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

function schedulerApi(
  schedules: Schedules,
  {
    region,
    accountId,
    authorizer = ALLOW_ALL,
  }: Pick<SchedulerOptions, 'region' | 'accountId' | 'authorizer'>,
) {
  const call = (action: string, group: string, name: string): Call => ({
    action: `scheduler:${action}`,
    resource: `arn:aws:scheduler:${region}:${accountId}:schedule/${group}/${name}`,
  });
  /** Who makes a schedule gives it a role, and must be allowed to. */
  const passRole = ({ Target }: ScheduleInput): Call => ({
    action: 'iam:PassRole',
    resource: Target.RoleArn,
    context: { 'iam:PassedToService': 'scheduler.amazonaws.com' },
  });

  // Names are at most 64 characters, but a client may encode them.
  const app = Fastify({ routerOptions: { maxParamLength: 400 } });
  // A client may name a content type where it sends no body, as with DELETE.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.addHook('onSend', (_request, reply, _payload, done) => {
    reply.header('x-amzn-requestid', randomUUID());
    done();
  });
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof AccessDenied) return sendAccessDenied(reply, error);
    const invalid =
      error instanceof z.ZodError || error instanceof InvalidExpression || error instanceof InvalidTarget;
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
    const input = bodyOf(request.body);
    authorizer.request(request.headers, call('CreateSchedule', input.GroupName, name), passRole(input));
    return Promise.resolve({ ScheduleArn: schedules.create(name, input).arn });
  });
  app.put('/schedules/:name', (request) => {
    const { name } = scheduleName.parse(request.params);
    const input = bodyOf(request.body);
    authorizer.request(request.headers, call('UpdateSchedule', input.GroupName, name), passRole(input));
    return Promise.resolve({ ScheduleArn: schedules.update(name, input).arn });
  });
  app.get('/schedules/:name', (request) => {
    const { name } = scheduleName.parse(request.params);
    const { groupName } = groupQuery.parse(request.query);
    authorizer.request(request.headers, call('GetSchedule', groupName, name));
    return Promise.resolve(described(schedules.get(groupName, name)));
  });
  app.delete('/schedules/:name', (request) => {
    const { name } = scheduleName.parse(request.params);
    const { groupName } = groupQuery.parse(request.query);
    authorizer.request(request.headers, call('DeleteSchedule', groupName, name));
    schedules.remove(groupName, name);
    return Promise.resolve({});
  });
  app.get('/schedules', (request) => {
    const query = listQuery.parse(request.query);
    authorizer.request(request.headers, { action: 'scheduler:ListSchedules', resource: '*' });
    const matching = schedules
      .list()
      .filter(({ input }) => query.ScheduleGroup === undefined || input.GroupName === query.ScheduleGroup)
      .filter(({ input }) => query.State === undefined || input.State === query.State)
      .filter(({ name }) => name.startsWith(query.NamePrefix));
    const { entries, nextToken } = pageAfter(matching, scheduleKey, {
      token: query.NextToken,
      size: query.MaxResults,
    });
    return Promise.resolve({ Schedules: entries.map(summary), NextToken: nextToken });
  });
  return app;
}

function bodyOf(body: unknown): ScheduleInput {
  return jsonText.pipe(scheduleInput).parse(body);
}

function described({ name, arn, input, created, modified }: StoredSchedule): object {
  return {
    Name: name,
    Arn: arn,
    ...input,
    ClientToken: undefined,
    CreationDate: created,
    LastModificationDate: modified,
  };
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
