/** Every command that a document shows is there, with each of its options. */
import { execFileSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import packageJson from '../../package.json' with { type: 'json' };
import { CODE } from './code-font.ts';
import { ROOT } from './markdown.ts';

const scripts: Readonly<Record<string, string>> = packageJson.scripts;

/** The words that follow it, up to where a comment or another command begins. */
function shown(command: RegExp): { readonly page: string; readonly words: readonly string[] }[] {
  return CODE.flatMap(({ page, text }) =>
    [...text.matchAll(command)].map((match) => {
      const rest = text.slice(match.index + match[0].length);
      const end = rest.search(/\s#\s|&&|[;|)]/);
      return { page, words: (end === -1 ? rest : rest.slice(0, end)).trim().split(/:?\s+|:$/) };
    }),
  ).filter(({ words: [name = ''] }) => /^[a-z]/.test(name));
}

const optionsIn = (words: readonly string[]) => words.filter((word) => /^--[a-z]/.test(word));

const register = z.record(z.string(), z.function({ input: [z.instanceof(Command)], output: z.void() }));

async function grantline(): Promise<Command> {
  const program = new Command('grantline');
  for (const path of globSync('cli/commands/*.ts', { cwd: ROOT })) {
    for (const add of Object.values(register.parse(await import(new URL(path, ROOT).href)))) add(program);
  }
  return program;
}

function problemsOf(program: Command, words: readonly string[]): string[] {
  let command = program;
  for (const word of words) {
    if (command.commands.length === 0 || !/^[a-z]/.test(word)) break;
    const next = command.commands.find((each) => each.name() === word);
    if (next === undefined) return [`${word}: there is no such command`];
    command = next;
  }
  const known = ['--help', ...command.options.map(({ long }) => long)];
  return optionsIn(words)
    .filter((option) => !known.includes(option))
    .map((option) => `${command.name()} has no ${option}`);
}

describe('npx grantline', async () => {
  const program = await grantline();
  const commands = shown(/npx grantline /g);

  it.each([...new Set(commands.map(({ page }) => page))])('in %s is one that there is', (page) => {
    const ofPage = commands.filter((each) => each.page === page);

    expect(ofPage.flatMap(({ words }) => problemsOf(program, words))).toEqual([]);
  });

  it.each([
    ['stopp 7', ['stopp: there is no such command']],
    ['jobs begin point-sync', ['begin: there is no such command']],
    ['plan --target 1', ['plan has no --target']],
  ])('is missed: %s', (line, problems) => {
    expect(commands.length).toBeGreaterThan(50);
    expect(problemsOf(program, line.split(' '))).toEqual(problems);
  });
});

/** What node is told to run: a pipeline of the demo has options of its own, and so has each command of bin/stage.ts. */
function commandLine([script = '', ...words]: readonly string[]): string {
  const [, ...line] = (scripts[script] ?? '').split(' ');
  const at = words.indexOf('--pipeline');
  return [...line, ...(at === -1 ? [] : words.slice(at, at + 2))].join(' ');
}

describe('npm run', () => {
  const named = shown(/npm run /g);
  const withOptions = named.filter(({ words }) => optionsIn(words).length > 0);

  it('names scripts that there are', () => {
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter(({ words: [script = ''] }) => scripts[script] === undefined)).toEqual([]);
  });

  it.each([...new Set(withOptions.map(({ words }) => commandLine(words)))])('%s has the options', (line) => {
    const help = helpOf(line);

    const given = withOptions.filter(({ words }) => commandLine(words) === line);
    expect(
      given.flatMap(({ words }) => optionsIn(words)).filter((option) => !hasOption(help, option)),
    ).toEqual([]);
  });
});

/** bin/stage.ts hands on what is CDK's. */
function helpOf(line: string): string {
  const [file = '', ...words] = line.split(' ');
  const files = file === 'bin/stage.ts' ? [file, 'node_modules/aws-cdk/bin/cdk'] : [file];
  return files
    .map((each) =>
      execFileSync(process.execPath, [each, ...words, '--help'], {
        cwd: fileURLToPath(ROOT),
        encoding: 'utf8',
      }),
    )
    .join('\n');
}

function hasOption(help: string, option: string): boolean {
  return new RegExp(`^ +(-\\w, )?${option}\\b(?!-)`, 'm').test(help);
}
