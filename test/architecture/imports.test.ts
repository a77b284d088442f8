/** Imports point one way (.dependency-cruiser.js): they do, and each rule is one that can fail. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise } from 'dependency-cruiser';
import type { ICruiseOptions, ICruiseResult } from 'dependency-cruiser';
import extractOptions from 'dependency-cruiser/config-utl/extract-depcruise-options';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const ROOT = new URL('../../', import.meta.url).pathname;
const FOLDERS = [
  'bin',
  'lib',
  'config',
  'lambdas',
  'schema',
  'cli',
  'local',
  'stand-ins',
  'demo',
  'bench',
  'test',
];

async function violations(baseDir: string): Promise<{ modules: number; broken: string[] }> {
  const rules = await extractOptions(join(ROOT, '.dependency-cruiser.js'));
  const options: ICruiseOptions = { ...rules, baseDir, validate: true };
  const { output } = await cruise(FOLDERS, options);
  const { modules, summary } = resultOf(output);
  return {
    modules: modules.length,
    broken: summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`),
  };
}

function resultOf(output: ICruiseResult | string): ICruiseResult {
  if (typeof output === 'string') throw new Error('dependency-cruiser gave text, not a result');
  return output;
}

describe('imports', () => {
  it('keep to the rules, and the check saw the modules', async () => {
    const { modules, broken } = await violations(ROOT);

    expect(broken).toEqual([]);
    // A parser that understands nothing finds nothing wrong.
    expect(modules).toBeGreaterThan(150);
  });
});

describe('a planted violation is found', () => {
  let copy: string;
  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'grantline-imports-'));
    for (const folder of FOLDERS) await mkdir(join(copy, folder), { recursive: true });
    await cp(join(ROOT, 'tsconfig.json'), join(copy, 'tsconfig.json'));
  });
  afterAll(() => rm(copy, { recursive: true, force: true }));

  it.each([
    ['no-circular', 'schema/a.ts', 'schema/b.ts', { 'schema/b.ts': "import './a.ts';" }],
    ['schema-stands-alone', 'schema/x.ts', 'lambdas/p/domain/rule.ts', {}],
    ['domain-is-pure', 'lambdas/p/domain/rule.ts', 'lambdas/p/adapters/sql.ts', {}],
    ['domain-is-pure', 'lambdas/p/domain/rule.ts', 'node:fs', {}],
    ['app-knows-only-ports-and-rules', 'lambdas/p/app/pay.ts', 'lambdas/p/adapters/sql.ts', {}],
    ['app-knows-only-ports-and-rules', 'lambdas/p/app/pay.ts', 'lambdas/shared/clock.ts', {}],
    // Of what jobs share a use case knows the walk through a range, and nothing that does I/O by itself.
    ['app-knows-only-ports-and-rules', 'lambdas/p/app/pay.ts', 'lambdas/shared/jobs/checkpoints.ts', {}],
    ['domain-is-pure', 'lambdas/p/domain/rule.ts', 'lambdas/shared/jobs/walk-range.ts', {}],
    ['adapters-do-not-know-use-cases', 'lambdas/p/adapters/sql.ts', 'lambdas/p/app/pay.ts', {}],
    ['only-the-container-wires', 'lambdas/p/pay.lambda.ts', 'lambdas/p/adapters/sql.ts', {}],
    ['only-handlers-use-the-container', 'lambdas/p/adapters/sql.ts', 'lambdas/p/container.ts', {}],
    ['no-pipeline-imports-another', 'lambdas/p/app/pay.ts', 'lambdas/q/domain/rule.ts', {}],
    ['shared-knows-no-pipeline', 'lambdas/shared/clock.ts', 'lambdas/p/domain/rule.ts', {}],
    ['stacks-know-handlers-only-as-entry-paths', 'lib/stack.ts', 'lambdas/p/pay.lambda.ts', {}],
    ['local-knows-only-templates', 'local/runtime.ts', 'schema/messages.ts', {}],
    ['stand-ins-know-only-contracts', 'stand-ins/money.ts', 'lambdas/p/domain/rule.ts', {}],
    ['production-imports-no-runtime', 'lambdas/p/app/pay.ts', 'local/runtime.ts', {}],
    ['cli-knows-no-stacks-and-no-runtime', 'cli/commands/plan.ts', 'lib/stack.ts', {}],
    ['cli-wires-by-itself', 'cli/commands/plan.ts', 'lambdas/p/container.ts', {}],
    ['no-command-imports-another', 'cli/commands/plan.ts', 'cli/commands/start.ts', {}],
    ['verdicts-are-pure', 'cli/verify/rules/judge.ts', 'cli/verify/read.ts', {}],
    ['only-the-local-entry-knows-the-cli', 'demo/main.ts', 'cli/failure.ts', {}],
    ['only-the-local-entry-knows-the-cli', 'lambdas/p/app/pay.ts', 'cli/failure.ts', {}],
    ['nothing-imports-benchmarks', 'demo/main.ts', 'bench/workloads.ts', {}],
    ['peers-borrow-rules-only', 'bench/peers/other/worker.ts', 'lambdas/p/adapters/store.ts', {}],
    ['nothing-imports-tests', 'demo/main.ts', 'test/fakes.ts', {}],
  ])('%s: %s imports %s', async (rule, from, to, others) => {
    const files: Record<string, string> = { [from]: importOf(from, to), ...others };
    if (!to.startsWith('node:')) files[to] ??= 'export {};';
    for (const [file, text] of Object.entries(files)) {
      await mkdir(dirname(join(copy, file)), { recursive: true });
      await writeFile(join(copy, file), text);
    }

    const { broken } = await violations(copy);

    for (const file of Object.keys(files)) await rm(join(copy, file));
    expect(broken.some((violation) => violation.startsWith(`${rule}: ${from} → `))).toBe(true);
  });

  it('and what is allowed is none: a use case walks through a range', async () => {
    const files = ['lambdas/p/app/sync.ts', 'lambdas/shared/jobs/walk-range.ts'] as const;
    for (const file of files) await mkdir(dirname(join(copy, file)), { recursive: true });
    await writeFile(join(copy, files[0]), importOf(...files));
    await writeFile(join(copy, files[1]), 'export {};');

    const { modules, broken } = await violations(copy);

    for (const file of files) await rm(join(copy, file));
    expect({ modules, broken }).toEqual({ modules: 2, broken: [] });
  });
});

function importOf(from: string, to: string): string {
  if (to.startsWith('node:')) return `import '${to}';`;
  return `import '${'../'.repeat(from.split('/').length - 1)}${to}';`;
}
