/** The demo as its user runs it: a process of its own, and its last line. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { startMoneyApi } from '../../stand-ins/money-api/server.ts';
import type { RunningService } from '../../local/process/child-service.ts';
import { startTestDatabase } from '../support/private-mariadb.ts';
import type { TestDatabase } from '../support/private-mariadb.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const run = promisify(execFile);

const report = z.object({
  targets: z.number(),
  granted: z.number(),
  failed: z.number(),
  duplicates: z.number(),
  maxWindow1s: z.number(),
  tps: z.number(),
  wallSeconds: z.number(),
  verified: z.boolean(),
});

async function demo(args: string[], environment: Record<string, string> = {}) {
  const { stdout } = await run(process.execPath, ['demo/main.ts', '--json', ...args], {
    cwd: ROOT,
    env: { ...process.env, ...environment },
  });
  return report.parse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}

const exited = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() });

/** How a process that was to fail ended. */
async function failure(running: Promise<unknown>): Promise<z.infer<typeof exited>> {
  const ended = await running.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  return exited.parse(ended);
}

describe('the demo', () => {
  it('pays both kinds of campaign, through failures of the Money API, and proves it', async () => {
    const result = await demo(['--targets', '500', '--fail-rate', '0.05', '--tps', '500']);

    expect(result).toMatchObject({ targets: 1000, granted: 998, failed: 2, duplicates: 0, verified: true });
    expect(result.maxWindow1s).toBeLessThanOrEqual(500);
  }, 180_000);

  it('ends quietly when nobody reads on', async () => {
    const command = `"${process.execPath}" demo/main.ts --type point --targets 100 | head -n 1; exit "\${PIPESTATUS[0]}"`;

    const ended = await failure(run('bash', ['-c', command], { cwd: ROOT }));

    expect(ended).toEqual({
      code: 141,
      stdout: expect.stringMatching(/^synthesising.*\n$/) as string,
      stderr: '',
    });
  }, 180_000);

  it('refuses a wrong option in one line and with exit code 1', async () => {
    const { code, stderr } = await failure(
      run(process.execPath, ['demo/main.ts', '--targets', 'many'], { cwd: ROOT }),
    );

    expect(code).toBe(1);
    expect(stderr).toContain("argument 'many' is invalid");
  });
});

describe('the demo of point sync', () => {
  it('makes Redis equal to the database, reports the day, and proves both', async () => {
    const running = run(
      process.execPath,
      ['demo/main.ts', '--pipeline', 'point-sync', '--users', '1000', '--prune', '--json'],
      { cwd: ROOT },
    );

    const { stdout } = await running;
    // With --json, standard output carries nothing else.
    expect(JSON.parse(stdout)).toMatchObject({
      pipeline: 'point-sync',
      users: 1000,
      transactions: 3000,
      status: 'COMPLETED_WITH_PROBLEMS',
      figures: { read: 1000, transactions: 3000 },
      failedChecks: [],
      verified: true,
    });
  }, 180_000);

  it.each([
    [['--pipeline', 'coupon-stats', '--fault-rate', '2'], "argument '2' is invalid"],
    [['--pipeline', 'point-sync', '--targets', '5'], "unknown option '--targets'"],
    [['--users', '5'], "unknown option '--users'"],
    [['--pipeline', 'everything'], "argument 'everything' is invalid"],
  ])('refuses %j in one line and with exit code 1', async (args, why) => {
    const { code, stderr } = await failure(run(process.execPath, ['demo/main.ts', ...args], { cwd: ROOT }));

    expect(code).toBe(1);
    expect(stderr).toContain(why);
  });
});

describe('the demo of coupon stats', () => {
  it('finds the favourites, sends the messages of an hour through failing services, and proves both', async () => {
    const args = ['--members', '1000', '--stores', '200', '--fault-rate', '0.1', '--json'];
    const { stdout } = await run(process.execPath, ['demo/main.ts', '--pipeline', 'coupon-stats', ...args], {
      cwd: ROOT,
    });

    // With --json, standard output carries nothing else.
    expect(JSON.parse(stdout)).toMatchObject({
      pipeline: 'coupon-stats',
      members: 1000,
      faultRate: 0.1,
      favourites: 800,
      failedChecks: [],
      verified: true,
    });
  }, 180_000);
});

describe('the demo on external servers', () => {
  let database: TestDatabase;
  let money: RunningService;
  beforeAll(async () => {
    [database, money] = await Promise.all([
      startTestDatabase(),
      startMoneyApi({ apiKey: 'theirs', latencyMs: 5 }),
    ]);
  });
  afterAll(async () => {
    await money.close();
    await database.close();
  });

  it('pays through them, and checks against the ledger that it is given', async () => {
    const result = await demo(['--type', 'point', '--targets', '600', '--ledger', `${money.url}/ledger`], {
      DATABASE_URL: database.url,
      MONEY_API_URL: money.url,
      MONEY_API_KEY: 'theirs',
    });

    const ledger = await fetch(`${money.url}/ledger`).then((response) => response.text());
    expect(result).toMatchObject({ targets: 600, granted: 599, failed: 1, duplicates: 0, verified: true });
    expect(ledger.trim().split('\n')).toHaveLength(599);
  }, 180_000);

  it('stops the campaign when the Money API refuses the key, and does not call that verified', async () => {
    const failing = demo(['--type', 'voucher', '--targets', '50'], {
      DATABASE_URL: database.url,
      MONEY_API_URL: money.url,
      MONEY_API_KEY: 'wrong',
    });

    const { code, stdout } = await failure(failing);
    expect(code).toBe(1);
    expect(stdout).toContain('"verified":false');
  }, 180_000);
});
