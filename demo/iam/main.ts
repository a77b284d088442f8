/** `npm run iam`: what each role is granted, and what nothing has used of it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { grantsOf } from '../../local/iam/grants.ts';
import { roleGrants } from '../../local/iam/role-grants.ts';
import { callsOfServices } from '../../local/iam/service-calls.ts';
import { readAssembly } from '../../local/template/assembly.ts';
import type { LocalModel } from '../../local/template/model.ts';
import { resolveAssembly } from '../../local/template/resolve.ts';
import { ranThrough } from '../command-line.ts';
import { synthesise } from '../synthesise.ts';
import { holdersOf, linesOf, unusedBy } from './holders.ts';
import type { Holder } from './holders.ts';
import { forgetCalls, recordedCalls } from './recorded-calls.ts';

interface Options {
  readonly strict: boolean;
  readonly forget: boolean;
  readonly json: boolean;
}

/** Nothing listens: only names and ARNs are looked at. */
const ENDPOINTS = {
  sqsUrl: 'http://sqs',
  httpApiUrls: new Map<string, string>(),
  database: { host: 'database', port: 3306 },
  cache: { host: 'cache', port: 6379 },
};

const program = new Command('npm run iam --')
  .description(
    'What the role of each function, state machine and schedule is granted by the templates, and which of it no run on\n' +
      'this machine has used: npm run demo with each --pipeline, npm run local and npm test record what is called.',
  )
  .option('--strict', 'exit 1 when something is granted and never used', false)
  .option('--forget', 'forget what was recorded, so that the next runs record anew', false)
  .option('--json', 'the last line is one JSON object', false)
  .addHelpText('after', '\nExample:\n  npm test && npm run iam -- --strict')
  .action(async ({ strict, forget, json }: Options) => {
    if (forget) {
      await forgetCalls();
      return;
    }
    const holders = await report();
    const out = json ? process.stderr : process.stdout;
    for (const line of linesOf(holders)) out.write(`${line}\n`);
    const unused = unusedBy(holders);
    if (json) process.stdout.write(`${JSON.stringify({ roles: holders, unused })}\n`);
    if (strict && unused > 0) process.exitCode = 1;
  });
if (!(await ranThrough(program, 'iam'))) process.exitCode = 1;

async function report(): Promise<Holder[]> {
  const calls = await recordedCalls();
  const model = await synthesised();
  return holdersOf(grantsOf(roleGrants(model), [...calls, ...callsOfServices(model)]), model);
}

async function synthesised(): Promise<LocalModel> {
  const directory = await mkdtemp(join(tmpdir(), 'grantline-iam-'));
  try {
    await synthesise(directory, {});
    return resolveAssembly(await readAssembly(directory), ENDPOINTS);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
