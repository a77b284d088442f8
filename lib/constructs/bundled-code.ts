import { cpSync, globSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { AssetCode } from 'aws-cdk-lib/aws-lambda';
import { AssetHashType, DockerImage } from 'aws-cdk-lib/core';
import { buildSync } from 'esbuild';
import { assertBundleSize } from './bundle-size.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** ESM has no `require`, and dependencies that are CommonJS call it for Node's own modules. */
const REQUIRE_BANNER = [
  "import { createRequire as __createRequire } from 'node:module';",
  'const require = __createRequire(import.meta.url);',
].join('');

/** A folder that the handler reads at run time, and where it lies beside index.mjs. */
export interface BundledFolder {
  readonly from: string;
  readonly to: string;
}

/**
 * A handler with all that it imports, the AWS SDK too, as one ES module. By esbuild inside this process:
 * NodejsFunction starts an npx for each function, which took more time than the rest of synth together.
 * @param entry from the repository's root.
 */
export function bundledCode(entry: string, folders: readonly BundledFolder[] = []): AssetCode {
  return new AssetCode(ROOT, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never run: CDK asks for the image, and the local bundling below does not decline.
      image: DockerImage.fromRegistry('local-bundling-only'),
      // CDK takes assets of one source for the same when their options are, and sees no difference in functions.
      command: [entry],
      local: {
        tryBundle(outputFolder) {
          bundles ??= bundleAll();
          cpSync(join(bundles, entry), outputFolder, { recursive: true });
          for (const { from, to } of folders) {
            cpSync(resolve(ROOT, from), join(outputFolder, to), { recursive: true });
          }
          return true;
        },
      },
    },
  });
}

let bundles: string | undefined;

/** All handlers in one build, in which what they share is parsed once. @returns a folder each, until this process ends */
function bundleAll(): string {
  // At the same depth everywhere: source maps name the sources from here, and are part of the asset's hash.
  const outdir = join(ROOT, 'node_modules', '.cache', `grantline-bundles-${process.pid}`);
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  buildSync({
    absWorkingDir: ROOT,
    entryPoints: Object.fromEntries(
      globSync('lambdas/*/*.lambda.ts', { cwd: ROOT }).map((entry) => [join(entry, 'index'), entry]),
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
    logLevel: 'warning',
  });
  for (const bundle of globSync('*/*/*/index.mjs', { cwd: outdir })) {
    assertBundleSize(dirname(bundle), statSync(join(outdir, bundle)).size);
  }
  return outdir;
}
