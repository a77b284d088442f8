/** EventBridge Scheduler: one-time schedules, each of which starts an execution when its time has come. */
import type { ReservationSchedule } from '../../../lambdas/campaign-grant/ports.ts';
import { dateTimeMs } from '../services/seoul-date-time.ts';
import type { ScheduleService, World } from '../world-parts.ts';
import { START_MS } from './environment.ts';

export class Schedules implements ScheduleService {
  readonly #world: World;
  readonly #schedules = new Map<string, ReservationSchedule>();

  constructor(world: World) {
    this.#world = world;
  }

  names(): string[] {
    return [...this.#schedules.keys()];
  }

  create(schedule: ReservationSchedule): void {
    if (this.#schedules.has(schedule.name)) return;
    this.#schedules.set(schedule.name, schedule);
    const { timeline, random, executions } = this.#world;
    // Exact to a minute, and delivered at least once.
    const dueAt = (dateTimeMs(schedule.at) - START_MS) / 1000 + random.logBetween(0.1, 59);
    timeline.at(dueAt, () => {
      if (this.#schedules.get(schedule.name) !== schedule) return;
      executions.start(schedule.input, schedule.executionName);
    });
  }

  delete(name: string): void {
    this.#schedules.delete(name);
  }

  forget(): void {
    this.#schedules.clear();
  }
}
