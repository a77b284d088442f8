import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { bundleHandlers } from '../../lib/constructs/bundle-handlers.ts';

const PARENT = mkdtempSync(join(tmpdir(), 'grantline-bundle-handlers-'));
afterAll(() => rmSync(PARENT, { recursive: true }));

let root: string;
const cache = () => join(root, 'node_modules', '.cache', 'grantline-bundles');

function write(file: string, text: string): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

function bundled(folder: string): string {
  return readFileSync(join(folder, 'lambdas/pay/grant.lambda.ts/index.mjs'), 'utf8');
}

beforeEach(() => {
  root = mkdtempSync(join(PARENT, 'root-'));
  write('tsconfig.json', '{}');
  write('node_modules/.package-lock.json', '{}');
  write('node_modules/rate/index.js', 'export const rate = "of node_modules";');
  write('schema/limit.ts', 'export const limit: string = "of schema";');
  write(
    'lambdas/pay/grant.lambda.ts',
    'import { rate } from "rate";\nimport { limit } from "../../schema/limit.ts";\nexport const handler = () => [rate, limit];',
  );
});

test('handlers are bundled with all that they import, a folder each', () => {
  expect(bundled(bundleHandlers(root))).toMatch(/of node_modules.*of schema/s);
});

describe('bundles', () => {
  test('are made once of the same sources', () => {
    const first = bundleHandlers(root);
    writeFileSync(join(first, 'lambdas/pay/grant.lambda.ts/index.mjs'), 'made before');

    expect(bundled(bundleHandlers(root))).toBe('made before');
  });

  test.each([
    ['a source', 'schema/limit.ts', 'export const limit: string = "changed";'],
    ['a handler that is new', 'lambdas/pay/refund.lambda.ts', 'export const handler = () => 1;'],
    ['a version of a dependency', 'node_modules/.package-lock.json', '{"packages":{}}'],
    ['a rule of the compiler', 'tsconfig.json', '{"compilerOptions":{}}'],
  ])('are made anew when %s changes', (_what, file, text) => {
    const first = bundleHandlers(root);
    write(file, text);
    const second = bundleHandlers(root);

    expect(second).not.toBe(first);
    expect(readdirSync(cache()).sort()).toEqual(
      [first, second].map((folder) => folder.slice(cache().length + 1)).sort(),
    );
  });

  test('that nothing has needed for a day are removed', () => {
    const first = bundleHandlers(root);
    const before = new Date(Date.now() - 25 * 60 * 60 * 1000);
    utimesSync(first, before, before);
    write('schema/limit.ts', 'export const limit: string = "changed";');

    const second = bundleHandlers(root);

    expect(readdirSync(cache())).toEqual([second.slice(cache().length + 1)]);
  });

  test('that are old and needed are kept', () => {
    const first = bundleHandlers(root);
    const before = new Date(Date.now() - 25 * 60 * 60 * 1000);
    utimesSync(first, before, before);
    bundleHandlers(root);
    write('schema/limit.ts', 'export const limit: string = "changed";');
    bundleHandlers(root);

    expect(readdirSync(cache())).toHaveLength(2);
  });

  test('of a file by whose change nothing would be made anew are refused', () => {
    write('elsewhere/fee.ts', 'export const fee = 1;');
    write(
      'lambdas/pay/grant.lambda.ts',
      'import { fee } from "../../elsewhere/fee.ts";\nexport const handler = () => fee;',
    );

    expect(() => bundleHandlers(root)).toThrow(
      'elsewhere/fee.ts: is bundled, and not among SOURCES of lib/constructs/bundle-handlers.ts',
    );
    expect(readdirSync(cache())).toEqual([]);
  });
});
