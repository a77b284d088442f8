/** The schedules by group and name: each runs from when it is put until it is removed. */
import { inputOf, settingsOf } from './api-messages.ts';
import type { ScheduleInput } from './api-messages.ts';
import { parseExpression } from './expression.ts';
import { runSchedule } from './schedule.ts';
import type { ScheduleSettings, StartTarget } from './schedule.ts';
import { checkTarget } from './target.ts';

export class SchedulerError extends Error {
  readonly statusCode: number;

  constructor(name: string, statusCode: number, message: string) {
    super(message);
    this.name = name;
    this.statusCode = statusCode;
  }
}

export interface StoredSchedule {
  readonly name: string;
  readonly arn: string;
  readonly input: ScheduleInput;
  readonly created: number;
  readonly modified: number;
}

interface RunnableSchedule extends StoredSchedule {
  readonly run: () => void;
  stop: () => void;
}

export class Schedules {
  readonly #account: { readonly region: string; readonly account: string };
  readonly #groups: ReadonlySet<string>;
  readonly #how: { readonly startTarget: StartTarget; readonly log: (line: string) => void };
  #running = false;
  readonly #schedules = new Map<string, RunnableSchedule>();

  constructor(options: {
    readonly account: { readonly region: string; readonly account: string };
    readonly groups: readonly string[];
    readonly startTarget: StartTarget;
    readonly log: (line: string) => void;
  }) {
    this.#account = options.account;
    this.#groups = new Set(['default', ...options.groups]);
    this.#how = options;
  }

  /** A schedule of the templates. */
  add(settings: ScheduleSettings): void {
    this.#put(settings.name, settings.arn, inputOf(settings), undefined);
  }

  create(name: string, input: ScheduleInput): StoredSchedule {
    if (!this.#groups.has(input.GroupName)) throw notFound(`Schedule group ${input.GroupName}`);
    const earlier = this.#schedules.get(key(input.GroupName, name));
    // The client asks again because it did not get the answer.
    if (earlier && input.ClientToken !== undefined && earlier.input.ClientToken === input.ClientToken) {
      return earlier;
    }
    if (earlier) {
      throw new SchedulerError('ConflictException', 409, `Schedule ${name} already exists.`);
    }
    return this.#put(name, this.#arn(input.GroupName, name), input, undefined);
  }

  /** Replaces all of it: what the request leaves out goes back to its default, as on AWS. */
  update(name: string, input: ScheduleInput): StoredSchedule {
    const old = this.get(input.GroupName, name);
    return this.#put(name, old.arn, input, old);
  }

  get(groupName: string, name: string): StoredSchedule {
    return this.#schedules.get(key(groupName, name)) ?? raise(notFound(`Schedule ${name}`));
  }

  remove(groupName: string, name: string): void {
    this.get(groupName, name);
    this.#schedules.get(key(groupName, name))?.stop();
    this.#schedules.delete(key(groupName, name));
  }

  /** By group and name, so that pages stay in order. */
  list(): StoredSchedule[] {
    return [...this.#schedules.values()].sort((a, b) => (scheduleKey(a) < scheduleKey(b) ? -1 : 1));
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    for (const { run } of this.#schedules.values()) run();
  }

  stop(): void {
    this.#running = false;
    for (const { stop } of this.#schedules.values()) stop();
  }

  #put(name: string, arn: string, input: ScheduleInput, old: StoredSchedule | undefined): StoredSchedule {
    const { GroupName } = input;
    const settings = settingsOf(input, name, arn);
    const expression = parseExpression(settings.expression, settings.timezone);
    checkTarget(settings.target);
    // Only now: what is refused must leave the old schedule as it is.
    this.#schedules.get(key(GroupName, name))?.stop();
    const now = Date.now() / 1000;
    const stored: RunnableSchedule = {
      name,
      arn,
      input,
      created: old?.created ?? now,
      modified: now,
      stop: () => undefined,
      run: () => {
        stored.stop = runSchedule(settings, expression, {
          ...this.#how,
          completed: () => {
            if (input.ActionAfterCompletion === 'DELETE') this.remove(GroupName, name);
          },
        });
      },
    };
    this.#schedules.set(key(GroupName, name), stored);
    if (this.#running) stored.run();
    return stored;
  }

  #arn(groupName: string, name: string): string {
    const { region, account } = this.#account;
    return `arn:aws:scheduler:${region}:${account}:schedule/${groupName}/${name}`;
  }
}

/** By which schedules are listed. */
export function scheduleKey({ name, input }: StoredSchedule): string {
  return key(input.GroupName, name);
}

function key(groupName: string, name: string): string {
  return `${groupName}/${name}`;
}

function notFound(what: string): SchedulerError {
  return new SchedulerError('ResourceNotFoundException', 404, `${what} does not exist.`);
}

function raise(error: Error): never {
  throw error;
}
