/** `grantline verify` as its user runs it: a process of its own, its output and its exit code. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { RUNTIME_FILE, removeRuntimeFile, writeRuntimeFile } from '../../../cli/where/runtime-file.ts';
import type { RuntimeState } from '../../../cli/where/runtime-file.ts';
import { startCampaignDatabase } from '../../support/campaign-database.ts';
import type { CampaignDatabase } from '../../support/campaign-database.ts';
import { paidCampaign, startLedgerServer } from './campaigns.ts';
import type { LedgerServer } from './campaigns.ts';

const LAUNCHER = fileURLToPath(new URL('../../../cli/launcher/grantline.js', import.meta.url));

let database: CampaignDatabase;
let ledgers: LedgerServer;
/** A folder in which a runtime runs, as far as the CLI can see. */
let folder: string;
let state: RuntimeState;

beforeAll(async () => {
  [database, ledgers, folder] = await Promise.all([
    startCampaignDatabase(),
    startLedgerServer(),
    mkdtemp(join(tmpdir(), 'grantline-cli-')),
  ]);
  state = await runtimeState(database);
  await writeRuntimeFile(join(folder, RUNTIME_FILE), state);
});
afterAll(async () => {
  await ledgers.close();
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

async function runtimeState({ client }: CampaignDatabase): Promise<RuntimeState> {
  const endpoint = await client.config.endpoint?.();
  const rdsData = `http://${endpoint?.hostname ?? ''}:${endpoint?.port ?? ''}`;
  const url = 'http://127.0.0.1:9';
  return {
    pid: process.pid,
    startedAt: '2026-11-21T03:00:00.000Z',
    region: 'ap-northeast-2',
    endpoints: {
      sqs: url,
      rdsData,
      lambda: url,
      stepFunctions: url,
      scheduler: url,
      secretsManager: url,
      sns: url,
      cloudwatch: url,
    },
    moneyApi: { url, isStandIn: true },
    outputs: {
      DatabaseResourceArn: 'arn:aws:rds:ap-northeast-2:000000000000:cluster:test',
      DatabaseSecretArn: 'arn:aws:secretsmanager:ap-northeast-2:000000000000:secret:test',
      DatabaseName: 'grantline',
    },
  };
}

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const failure = z.object({ code: z.number() });

function grantline(args: readonly string[], cwd = folder): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [LAUNCHER, ...args], { cwd }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : failure.parse(error).code, stdout, stderr });
    });
  });
}

const report = z.object({
  verified: z.boolean(),
  checks: z.array(z.object({ name: z.string(), status: z.string() })),
});

describe('grantline verify', () => {
  it('prints a line for each check and exits 0 when all hold', async () => {
    const { promotionId, ledger } = await paidCampaign(database.sql);

    const ended = await grantline(['verify', promotionId, '--local', '--ledger', ledgers.serve(ledger)]);

    expect(ended).toMatchObject({ exitCode: 0, stderr: '' });
    const lines = ended.stdout.trimEnd().split('\n');
    expect(lines[0]).toBe(`promotion ${promotionId}: VOUCHER, COMPLETED, 6 targets, 1 runs`);
    expect(lines.filter((line) => /^ok {8}[a-z-]+ +\S/.test(line))).toHaveLength(14);
    expect(lines.at(-1)).toBe('ALL HOLD: 14 checks');
  });

  it('names what is violated with its ids and exits 1', async () => {
    const { promotionId, ids } = await paidCampaign(database.sql);
    await database.sql.query(
      'UPDATE campaign_promotion_voucher_results SET attempt_count = 9 WHERE promotion_id = ?',
      [promotionId],
    );

    const ended = await grantline(['verify', promotionId, '--local']);

    expect(ended).toMatchObject({ exitCode: 1, stderr: '' });
    expect(ended.stdout).toContain('\nVIOLATED  attempts ');
    expect(ended.stdout).toContain(`- 6 with more than 6 attempts: ${ids.slice(0, 5).join(', ')}, …\n`);
    expect(ended.stdout).toContain('\nVIOLATED: 2 of 10 checks\n');
  });

  it('--json prints one object, from a folder below as well', async () => {
    const { promotionId } = await paidCampaign(database.sql, {
      status: 'STOPPED',
      endings: ['granted', 'waiting'],
    });
    const below = join(folder, 'a', 'b');
    await mkdir(below, { recursive: true });

    const ended = await grantline(['verify', promotionId, '--local', '--json'], below);

    expect(ended.exitCode).toBe(0);
    const { verified, checks } = report.parse(JSON.parse(ended.stdout));
    expect(verified).toBe(true);
    expect(checks).toHaveLength(10);
  });

  it('says in one line why it could not check, and exits 2', async () => {
    const { promotionId, ledger } = await paidCampaign(database.sql);
    const bad = ledgers.serve([...ledger, 'nonsense']);
    const cases = [
      [['verify', '999999999', '--local'], 'grantline: verify: promotion 999999999 does not exist\n'],
      [
        ['verify', promotionId, '--local', '--ledger', bad],
        `line 4 of the ledger ${bad} is no grant: nonsense\n`,
      ],
      [['verify', promotionId, '--local', '--ledger', 'http://127.0.0.1:9/x'], 'nothing answers\n'],
      [['verify', promotionId], 'say where to look: --local, or --stage <name> for AWS\n'],
      [['verify', 'seven', '--local'], 'It must be a number, the promotion_id.\n'],
    ] as const;

    for (const [args, message] of cases) {
      const { exitCode, stdout, stderr } = await grantline(args);
      expect({ exitCode, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({
        exitCode: 2,
        stdout: '',
        lines: 1,
      });
      expect(stderr.endsWith(message), stderr).toBe(true);
    }
  });

  it('knows a runtime that is gone by what it left behind', async () => {
    const gone = await mkdtemp(join(tmpdir(), 'grantline-cli-'));
    // No process has so high an id.
    await writeRuntimeFile(join(gone, RUNTIME_FILE), { ...state, pid: 2 ** 31 - 1 });

    const stale = await grantline(['verify', '1', '--local'], gone);
    await removeRuntimeFile(join(gone, RUNTIME_FILE), 2 ** 31 - 1);
    const none = await grantline(['verify', '1', '--local'], gone);

    await rm(gone, { recursive: true });
    expect(stale).toMatchObject({ exitCode: 2, stdout: '' });
    expect(stale.stderr).toMatch(/^grantline: verify: npm run local is gone .* start it again\n$/);
    expect(none.stderr).toBe(
      'grantline: verify: nothing runs here: start npm run local in this folder first\n',
    );
  });

  it('says that the database cannot be reached', async () => {
    const away = await mkdtemp(join(tmpdir(), 'grantline-cli-'));
    const endpoints = { ...state.endpoints, rdsData: 'http://127.0.0.1:9' };
    await writeRuntimeFile(join(away, RUNTIME_FILE), { ...state, endpoints });

    const ended = await grantline(['verify', '1', '--local'], away);

    await rm(away, { recursive: true });
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(/^grantline: verify: nothing answers: .*ECONNREFUSED.*\n$/);
  });

  it('is helped with an example and the exit codes', async () => {
    const { exitCode, stdout } = await grantline(['verify', '--help']);

    expect(exitCode).toBe(0);
    expect(stdout).toContain('npx grantline verify 7 --local');
    expect(stdout).toMatch(/0 {2}no check is violated\n {2}1 {2}.*\n {2}2 {2}/);
  });
});
