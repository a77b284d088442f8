/** The README in two languages is one text, and what it says of commands, costs and size is what the code says. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { StageName } from '../../lib/config.ts';
import { makeConfig, synthesise } from '../stacks/synthesised.ts';
import { readPage, ROOT } from './markdown.ts';
import type { Page } from './markdown.ts';
import { standingCost } from './standing-cost.ts';

const english = readPage('README.md');
const korean = readPage('README.ko.md');

const textOf = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

const STAGE_NAMES: readonly StageName[] = ['dev', 'staging', 'prod'];

describe('the two languages', () => {
  it('have the same headings, tables and lists, in the same order', () => {
    expect(korean.headings.map(({ level }) => level)).toEqual(english.headings.map(({ level }) => level));
    expect(korean.tables).toEqual(english.tables);
    expect(korean.listItems).toBe(english.listItems);
    expect(english.tables.length).toBeGreaterThan(3);
  });

  it('have the same code and pictures, each with comments in its language', () => {
    const bare = ({ fences }: Page) =>
      fences.map(({ language, text }) => ({ language, text: text.replaceAll(/ +# .*$/gm, '') }));

    expect(bare(korean)).toEqual(bare(english));
    expect(english.fences.length).toBeGreaterThan(10);
    for (const { text } of korean.fences) {
      for (const [, comment] of text.matchAll(/ # (.*)$/gm)) expect(comment).toMatch(/\p{Script=Hangul}/u);
    }
  });

  it('lead to the same places, but for each other and within themselves', () => {
    const others = (links: readonly string[]) => links.filter((link) => !/^(README|#)/.test(link)).toSorted();

    expect(others(korean.links)).toEqual(others(english.links));
  });

  it('have the same steps', () => {
    const steps = (path: string) => [...textOf(path).matchAll(/^\*\*(\d+)\. /gm)].map(([, number]) => number);

    expect(steps(korean.path)).toEqual(steps(english.path));
    expect(steps(english.path)).toEqual(['1', '2', '3', '4', '5', '6', '7', '8', '9', '10']);
  });
});

describe('the README', () => {
  it('begins with the two commands, and is short', () => {
    expect(english.fences[0]?.text).toMatch(/^npm ci && npm run demo .*\nnpm ci && npm test /);
    expect(textOf('README.md').split('\n').length).toBeLessThan(400);
  });

  it('shows what plan prints', () => {
    const shown = english.fences.find(({ language }) => language === 'console')?.text.trimEnd() ?? '';
    const options = ['plan', '--targets', '1000000', '--type', 'point', '--stage', 'prod'];

    const printed = execFileSync(
      process.execPath,
      [fileURLToPath(new URL('cli/main.ts', ROOT)), ...options],
      {
        encoding: 'utf8',
      },
    );

    const lines = shown.split('\n');
    expect(lines.length).toBeGreaterThan(5);
    for (const line of lines) expect(printed.split('\n')).toContain(line);
  });

  describe('says what a stage costs while nothing runs', () => {
    const stages = STAGE_NAMES.map((stage) => {
      const config = makeConfig({ stage });
      return standingCost(synthesise(config), config);
    });
    const usd = (amount: number) => Math.round(amount).toLocaleString('en');
    const cells = (stages[0] ?? []).map((_, part) =>
      stages.map((parts) => `${parts[part]?.what ?? ''}: ${usd(parts[part]?.usd ?? NaN)}`),
    );
    const totals = stages.map((parts) => usd(parts.reduce((sum, part) => sum + part.usd, 0)));

    it.each([...cells, totals.map((total) => `**${total}**`)])('%s, %s, %s', (...row) => {
      expect(textOf('README.md')).toContain(` | ${row.join(' | ')} |`);
      expect(textOf('README.ko.md')).toContain(` | ${row.join(' | ')} |`);
    });
  });

  it('counts the environments that the templates reserve', () => {
    const reserved = Object.values(synthesise(makeConfig({ stage: 'prod' })))
      .flatMap((template) => reservedIn(template))
      .reduce((sum, environments) => sum + environments, 0);

    expect(textOf('README.md')).toContain(`reserves ${reserved} environments at 1,000 TPS`);
  }, 120_000);
});

const reserving = z.object({ Properties: z.object({ ReservedConcurrentExecutions: z.number() }) });

function reservedIn(template: Template): number[] {
  return Object.values(template.findResources('AWS::Lambda::Function')).flatMap((resource) => {
    const parsed = reserving.safeParse(resource);
    return parsed.success ? [parsed.data.Properties.ReservedConcurrentExecutions] : [];
  });
}
