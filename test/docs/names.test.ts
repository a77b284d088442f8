/** What the documents name in code font is there: fields of the configuration, outputs, and what AWS knows by a name. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { DEFAULT_STAGES } from '../../config/default-stages.ts';
import { checkConfig } from '../../lib/config.ts';
import { makeConfig, synthesise } from '../stacks/synthesised.ts';
import { CODE } from './code-font.ts';
import { ROOT } from './markdown.ts';

/** What no field takes. */
const NOTHING = Symbol('nothing');

const record = z.record(z.string(), z.unknown());

function withNothingAt(config: unknown, [name = '', ...rest]: readonly string[]): unknown {
  const fields = record.safeParse(config).data ?? {};
  return { ...fields, [name]: rest.length === 0 ? NOTHING : withNothingAt(fields[name], rest) };
}

/** A field that is known is refused for what it is, one that is not for its name. */
function isField(path: string): boolean {
  const outcome = checkConfig(withNothingAt(DEFAULT_STAGES.dev, path.split('.')));
  return !outcome.ok && !outcome.problems.some((problem) => problem.includes('Unrecognized key'));
}

describe('fields of the configuration', () => {
  const ofSections =
    /^(environment|network|money|coupons|grants|database|redis|alarms|alerts|publishing|progress|jobs)(\.[a-z]\w+)+$/;
  const named = CODE.filter(({ text }) => ofSections.test(text) && !/\.(ts|json|md)$/.test(text));

  it('are those of the schema, wherever they are named', () => {
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ text }) => !isField(text))).toEqual([]);
  });

  it.each(['README.md', 'README.ko.md'])('are those of the schema among the ten of %s', (page) => {
    const rows = [...readFileSync(new URL(page, ROOT), 'utf8').matchAll(/^\| \d+ \| ([^|]+) \|/gm)];
    const fields = rows.flatMap(([, cell = '']) => fieldsOf(cell));

    expect(rows).toHaveLength(10);
    expect(fields.filter((field) => !isField(field))).toEqual([]);
  });

  it('are missed when they are not', () => {
    expect(fieldsOf('`database.existing` or `.capacity`')).toEqual([
      'database.existing',
      'database.capacity',
    ]);
    expect(isField('database.size')).toBe(false);
    expect(isField('database.capacity.most')).toBe(false);
  });
});

/** `.region` is of the section that the cell named last. */
function fieldsOf(cell: string): string[] {
  let section = '';
  return [...cell.matchAll(/`([\w.]+)`/g)].map(([, name = '']) => {
    if (name.startsWith('.')) return `${section}${name}`;
    section = name.split('.')[0] ?? '';
    return name;
  });
}

describe('on AWS', () => {
  const templates = Object.values(synthesise(makeConfig({ stage: 'prod' }))).map((template) =>
    template.toJSON(),
  );
  const text = JSON.stringify(templates);
  const outputs = templates.flatMap((template) =>
    Object.keys(record.parse(record.parse(template)['Outputs'] ?? {})),
  );

  it('there is each output that an operator is told of', () => {
    const named = CODE.filter(
      ({ page, text: code }) =>
        /^(README|docs\/(runbook|security)\.md)/.test(page) && /^([A-Z][a-z]+)+(Arn|Url|Ids?)$/.test(code),
    );

    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ text: code }) => !outputs.includes(code))).toEqual([]);
  });

  it('there is each secret, and whatever else is called grantline-<stage>-…', () => {
    const named = CODE.filter(({ page }) => !page.startsWith('docs/decisions')).flatMap(
      ({ page, text: code }) =>
        [...code.matchAll(/grantline(?:\/(?:dev|prod)\/|-prod-)[\w-]*\w/g)].map(([name]) => ({
          page,
          name: name.replace('/dev/', '/prod/'),
        })),
    );

    expect(named.length).toBeGreaterThan(20);
    expect(named.filter(({ name }) => !text.includes(name))).toEqual([]);
  });
});
