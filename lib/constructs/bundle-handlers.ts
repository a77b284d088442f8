import { createHash } from 'node:crypto';
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';
import type { Metafile } from 'esbuild';
import { assertBundleSize } from './bundle-size.ts';

/** ESM has no `require`, and dependencies that are CommonJS call it for Node's own modules. */
const REQUIRE_BANNER = [
  "import { createRequire as __createRequire } from 'node:module';",
  'const require = __createRequire(import.meta.url);',
].join('');

/** What bundles are made of. Of node_modules npm keeps a record, which changes with each version. */
const SOURCES = [
  'lambdas/**/*.ts',
  'schema/**/*.{ts,json}',
  'lib/constructs/bundle-*.ts',
  'tsconfig.json',
  'node_modules/.package-lock.json',
];

/** Unused. */
const KEPT_MS = 24 * 60 * 60 * 1000;

/**
 * All handlers in one build, in which what they share is parsed once; kept for as long as nothing that they are made of
 * changes, because esbuild takes as long as the rest of a synth.
 * @returns a folder with one of each handler's path, in which are index.mjs and its source map
 */
export function bundleHandlers(root: string): string {
  const cache = join(root, 'node_modules', '.cache', 'grantline-bundles');
  const sources = globSync(SOURCES, { cwd: root }).sort();
  const bundles = join(cache, hashOf(root, sources));
  if (existsSync(bundles)) {
    const now = new Date();
    utimesSync(bundles, now, now);
    return bundles;
  }
  mkdirSync(cache, { recursive: true });
  removeUnused(cache);
  // Beside it: source maps name the sources from where they are written, and are part of the asset's hash.
  const building = mkdtempSync(join(cache, 'building-'));
  try {
    requireKnown(build(root, building), sources);
    renameSync(building, bundles);
  } catch (error) {
    rmSync(building, { recursive: true });
    // Another process has made the same.
    if (!existsSync(bundles)) throw error;
  }
  return bundles;
}

function hashOf(root: string, files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

function removeUnused(cache: string): void {
  for (const name of globSync('*', { cwd: cache })) {
    const folder = join(cache, name);
    const { mtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    if (Date.now() - mtimeMs > KEPT_MS) rmSync(folder, { recursive: true, force: true });
  }
}

function build(root: string, outdir: string): Metafile {
  const { metafile } = buildSync({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(
      globSync('lambdas/*/*.lambda.ts', { cwd: root }).map((entry) => [join(entry, 'index'), entry]),
    ),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    minify: true,
    sourcemap: true,
    // Names and lines of the source are enough for a stack trace; the source itself is large.
    sourcesContent: false,
    banner: { js: REQUIRE_BANNER },
    metafile: true,
    logLevel: 'warning',
  });
  for (const bundle of globSync('*/*/*/index.mjs', { cwd: outdir })) {
    assertBundleSize(dirname(bundle), statSync(join(outdir, bundle)).size);
  }
  return metafile;
}

/** @throws Error that names a file by whose change nothing would be bundled anew */
function requireKnown({ inputs }: Metafile, sources: readonly string[]): void {
  const known = new Set(sources);
  const unknown = Object.keys(inputs).find((file) => !file.startsWith('node_modules/') && !known.has(file));
  if (unknown === undefined) return;
  throw new Error(`${unknown}: is bundled, and not among SOURCES of lib/constructs/bundle-handlers.ts`);
}
