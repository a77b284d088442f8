/**
 * What a change of the stacks comes to, for who reviews it: prod's templates in full, and of the other stages where they
 * differ from it. `npm run snapshots` writes them anew.
 */
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { readable, scrub } from './snapshot-template.ts';
import { makeConfig, synthesise } from './synthesised.ts';

const prod = templatesOf('prod');

describe('prod', () => {
  test.each(Object.keys(prod))('%s', async (stack) => {
    await expect(readable(prod[stack])).toMatchFileSnapshot(`__snapshots__/prod/${stack}.yaml`);
  });
});

test.each(['dev', 'staging'] as const)('%s, where it differs from prod', async (stage) => {
  const named = (of: typeof stage | 'prod') => asIfOf('prod', of, templatesOf(of));
  const differences = differing(named(stage), named('prod'))
    // Its periods differ: docs/dashboard.md shows it.
    .filter(([path]) => !path.includes('DashboardBody'))
    .map(([path, ours, theirs]) => [path, { [stage]: ours ?? 'absent', prod: theirs ?? 'absent' }]);

  await expect(stringify(Object.fromEntries(differences), { lineWidth: 0 })).toMatchFileSnapshot(
    `__snapshots__/${stage}.yaml`,
  );
});

test('hashes are none of a reviewer’s business, and all else is', () => {
  const hash = 'a'.repeat(64);
  const template = (code: string, timeout: number) => ({
    Resources: { F: { Properties: { Timeout: timeout, Code: { S3Key: `${code}.zip` } } } },
  });

  expect(readable(template(hash, 3))).toBe(readable(template(hash.replaceAll('a', 'b'), 3)));
  expect(readable(template(hash, 3))).not.toBe(readable(template(hash, 4)));
});

test('a document that is text is shown as one', () => {
  const text = { 'Fn::Join': ['', ['{"States":{"A":"', { Ref: 'X' }, '"}}']] };

  expect(readable({ DefinitionString: text })).toBe("DefinitionString:\n  States:\n    A: ${{'Ref':'X'}}\n");
});

function templatesOf(stage: 'dev' | 'staging' | 'prod'): Readonly<Record<string, unknown>> {
  const stacks = Object.entries(synthesise(makeConfig({ stage })));
  return Object.fromEntries(stacks.map(([name, template]) => [name, template.toJSON()]));
}

/** Names say the stage, and so do ids that are made of another stack's: these end in a hash of it. */
function asIfOf(other: string, stage: string, templates: unknown): unknown {
  const text = scrub(JSON.stringify(templates))
    .replaceAll(new RegExp(`\\b${stage}\\b`, 'g'), other)
    .replaceAll(`Grantline${stage}`, `Grantline${other}`)
    .replaceAll(/\b\w*Grantlineprod\w*\b/g, (id) => id.replaceAll(/[0-9A-F]{8,}/g, ''));
  return JSON.parse(text);
}

type Difference = readonly [path: string, ours: unknown, theirs: unknown];

function differing(ours: unknown, theirs: unknown, path: readonly string[] = []): Difference[] {
  if (isDeepStrictEqual(ours, theirs)) return [];
  const fields = z.tuple([z.record(z.string(), z.unknown()), z.record(z.string(), z.unknown())]);
  const both = fields.safeParse([ours, theirs]);
  if (!both.success) return [[path.join('.'), ours, theirs]];
  const [left, right] = both.data;
  return [...new Set([...Object.keys(left), ...Object.keys(right)])]
    .toSorted()
    .flatMap((name) => differing(left[name], right[name], [...path, name]));
}
