/** The policy of an operator in docs/security.md allows what the CLI calls, on what there is, and nothing else. */
import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { makeConfig, synthesise } from '../stacks/synthesised.ts';
import { readPage, ROOT } from './markdown.ts';

const policy = z.object({
  Statement: z.array(
    z.object({
      Sid: z.string(),
      Action: z.union([z.string(), z.array(z.string())]),
      Resource: z.union([z.string(), z.array(z.string())]),
    }),
  ),
});

/** What the CLI calls AWS by: its own files, and what it shares with the functions. */
const CALLERS = [
  ...globSync('cli/**/*.ts', { cwd: ROOT }),
  'lambdas/shared/data-api.ts',
  'lambdas/shared/executions.ts',
  'lambdas/shared/secret.ts',
];

/** Where IAM has another name for a service than its client's package. */
const PREFIXES: Readonly<Record<string, string>> = { sfn: 'states', 'secrets-manager': 'secretsmanager' };

function callsOf(path: string): string[] {
  const text = readFileSync(new URL(path, ROOT), 'utf8');
  return [...text.matchAll(/import \{([^}]*)\} from '@aws-sdk\/client-([\w-]+)'/g)].flatMap(
    ([, names = '', service = '']) =>
      [...names.matchAll(/(\w+)Command\b/g)].map(
        ([, call]) => `${PREFIXES[service] ?? service}:${call ?? ''}`,
      ),
  );
}

const fence = readPage('docs/security.md').fences.find(({ language }) => language === 'json');
const { Statement: statements } = policy.parse(JSON.parse(fence?.text ?? '{}'));

describe('the policy of an operator', () => {
  it('allows each call of the CLI, and no other', () => {
    const allowed = statements.flatMap(({ Action }) => Action);

    expect([...new Set(allowed)].toSorted()).toEqual([...new Set(CALLERS.flatMap(callsOf))].toSorted());
  });

  it('names what the templates name', () => {
    const templates = JSON.stringify(
      Object.values(synthesise(makeConfig({ stage: 'prod' }))).map((each) => each.toJSON()),
    );
    const named = statements
      .flatMap(({ Resource }) => Resource)
      .flatMap((arn) => /grantline[/-]prod[\w/-]*/.exec(arn) ?? []);

    expect(named.length).toBeGreaterThan(5);
    expect(named.filter((name) => !templates.includes(name.replace(/-$/, '')))).toEqual([]);
  }, 120_000);

  it('has each statement in the table of commands, and no further one', () => {
    const table =
      readFileSync(new URL('docs/security.md', ROOT), 'utf8').split('| command | statements |')[1] ?? '';
    const rows = table.split('\n\n')[0] ?? '';
    const named = [...rows.matchAll(/\| ([A-Z]\w+(?:, [A-Z]\w+)*) \|/g)].flatMap(([, sids]) =>
      sids?.split(', '),
    );

    expect([...new Set(named)].toSorted()).toEqual(statements.map(({ Sid }) => Sid).toSorted());
  });
});
