import { describe, expect, it } from 'vitest';
import { readStageSettings } from '../../../cli/plan/stage-settings.ts';

describe('the settings of a plan', () => {
  it('are those of the stage, with the concurrency that it would be deployed with', () => {
    expect(readStageSettings({ stage: 'prod' })).toEqual({
      stage: 'prod',
      settings: {
        tps: 1_000,
        concurrency: 4,
        headroomSeconds: 0.025,
        backlogSeconds: 60,
        progressIntervalSeconds: 5,
        maxCapacityUnits: 32,
        databaseInstances: 2,
      },
    });
  });

  it('follow another ceiling as a deployment would', () => {
    expect(readStageSettings({ tps: 50_000 })).toMatchObject({
      stage: 'dev',
      settings: { tps: 50_000, concurrency: 200 },
    });
    expect(readStageSettings({ tps: 60, concurrency: 30 })).toMatchObject({
      settings: { tps: 60, concurrency: 30 },
    });
  });

  it.each([
    [{ stage: 'production' }, /^context: stage: .*prod/],
    [{ tps: 40, concurrency: 50 }, /^stage dev: grants\.concurrency: must not exceed money\.tps/],
  ])('%o are refused in one line that names the bound', (options, line) => {
    expect(() => readStageSettings(options)).toThrow(line);
  });
});
