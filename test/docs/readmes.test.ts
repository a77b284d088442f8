/** The README in two languages is one text, and what it says of commands, costs and size is what the code says. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LIST_PRICES } from '../../cli/plan/prices.ts';
import { STAGES } from '../../config/stages.ts';
import type { StageName } from '../../lib/config.ts';
import { makeConfig, synthesise } from '../stacks/synthesised.ts';
import { readPage, ROOT } from './markdown.ts';

const english = readPage('README.md');
const korean = readPage('README.ko.md');

const textOf = (path: string) => readFileSync(new URL(path, ROOT), 'utf8');

const HOURS_A_MONTH = 730;
const instancesOf = (stage: StageName) => 1 + STAGES[stage].database.readers;
const STAGE_NAMES: readonly StageName[] = ['dev', 'staging', 'prod'];

describe('the two languages', () => {
  it('have the same headings, tables and lists, in the same order', () => {
    expect(korean.headings.map(({ level }) => level)).toEqual(english.headings.map(({ level }) => level));
    expect(korean.tables).toEqual(english.tables);
    expect(korean.listItems).toBe(english.listItems);
    expect(english.tables.length).toBeGreaterThan(3);
  });

  it('have the same code and pictures', () => {
    expect(korean.fences).toEqual(english.fences);
    expect(english.fences.length).toBeGreaterThan(10);
  });

  it('lead to the same places, but for each other', () => {
    const others = (links: readonly string[]) =>
      links.filter((link) => !link.startsWith('README')).toSorted();

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

  it('names commands of the CLI that there are', () => {
    const named = english.fences.flatMap(({ text }) =>
      [...text.matchAll(/npx grantline (\w+)/g)].map(([, command]) => command ?? ''),
    );

    expect(named).toContain('plan');
    expect(named.filter((name) => !existsSync(new URL(`cli/commands/${name}.ts`, ROOT)))).toEqual([]);
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

  it.each([
    [
      'the least that Aurora has',
      (stage: StageName) => `${instancesOf(stage)} × ${STAGES[stage].database.capacity.min} ACU`,
    ],
    [
      'what that costs',
      (stage: StageName) =>
        String(
          Math.round(
            instancesOf(stage) *
              STAGES[stage].database.capacity.min *
              LIST_PRICES.aurora.perCapacityUnitHour *
              HOURS_A_MONTH,
          ),
        ),
    ],
    [
      'its nodes',
      (stage: StageName) => `${1 + STAGES[stage].redis.replicas} × ${STAGES[stage].redis.nodeType}`,
    ],
  ])('says of each stage %s', (_what, cellOf) => {
    const row = ` | ${STAGE_NAMES.map(cellOf).join(' | ')} |`;

    expect(textOf('README.md')).toContain(row);
    expect(textOf('README.ko.md')).toContain(row);
  });

  it('counts what the templates have: endpoints, keys, secrets, reserved environments', () => {
    const templates = Object.values(synthesise(makeConfig({ stage: 'prod' })));
    const count = (type: string) =>
      templates.reduce((sum, template) => sum + Object.keys(template.findResources(type)).length, 0);
    const reserved = templates
      .flatMap((template) => reservedIn(template))
      .reduce((sum, environments) => sum + environments, 0);
    const text = textOf('README.md');
    // RDS makes one more secret, for its own password.
    const secrets = count('AWS::SecretsManager::Secret') + 1;

    expect(text).toContain(`| ${count('AWS::EC2::VPCEndpoint')} × 2 |`);
    expect(text).toContain(`| ${count('AWS::KMS::Key')}, ${secrets} |`);
    expect(text).toContain(`reserves ${reserved} environments at 1,000 TPS`);
  }, 120_000);
});

const reserving = z.object({ Properties: z.object({ ReservedConcurrentExecutions: z.number() }) });

function reservedIn(template: Template): number[] {
  return Object.values(template.findResources('AWS::Lambda::Function')).flatMap((resource) => {
    const parsed = reserving.safeParse(resource);
    return parsed.success ? [parsed.data.Properties.ReservedConcurrentExecutions] : [];
  });
}
