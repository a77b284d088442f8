import { cpSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { AssetCode } from 'aws-cdk-lib/aws-lambda';
import { AssetHashType, DockerImage } from 'aws-cdk-lib/core';
import { bundleHandlers } from './bundle-handlers.ts';

const ROOT = resolve(import.meta.dirname, '../..');

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
          bundles ??= bundleHandlers(ROOT);
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
