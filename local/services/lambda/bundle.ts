/**
 * A deployed bundle, instantiated once for each execution environment.
 *
 * Fifty `import()`s of a bundle parse and compile it fifty times: 5 s and 600 MB for one of 1.4 MB. So the bundle is
 * turned into a script once, and each environment runs that same script: module variables of its own, compiled code
 * shared (a quarter of the time, a sixth of the heap). A bundle with a top-level await cannot be a script: it is
 * imported, under another URL for each environment.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { constants, Script } from 'node:vm';
import { stop, transform } from 'esbuild';

export interface Bundle {
  /** A new instance; @returns its exports. */
  instantiate(environment: number): Promise<unknown>;
}

type ModuleFunction = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: unknown },
  importMetaUrl: string,
) => void;

function isModuleFunction(value: unknown): value is ModuleFunction {
  return typeof value === 'function';
}

/** @throws SyntaxError when the file is no JavaScript */
export async function openBundle(file: string): Promise<Bundle> {
  const url = pathToFileURL(file);
  const script = await asScript(file, await readFile(file, 'utf8'));
  if (script === undefined) {
    return {
      instantiate: (environment) => {
        const instance = new URL(url);
        instance.searchParams.set('env', String(environment));
        return import(instance.href);
      },
    };
  }
  const require = createRequire(url);
  // One function for all environments: what V8 learns of its inner functions (types seen, optimised code) hangs on
  // this closure, so that an environment starts with what the others have warmed up.
  const run: unknown = script.runInThisContext();
  if (!isModuleFunction(run)) throw new TypeError(`${file} is no module`);
  return {
    instantiate: (): Promise<unknown> => {
      const module: { exports: unknown } = { exports: {} };
      run({}, require, module, url.href);
      return Promise.resolve(module.exports);
    },
  };
}

async function asScript(file: string, source: string): Promise<Script | undefined> {
  try {
    const { code } = await transform(source, {
      format: 'cjs',
      platform: 'node',
      target: 'node24',
      define: { 'import.meta.url': 'importMetaUrl' },
      logLevel: 'silent',
    });
    return new Script(`(function (exports, require, module, importMetaUrl) {${code}\n})`, {
      filename: file,
      importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
    });
  } catch {
    // A top-level await, or an error that importing tells better.
    return undefined;
  } finally {
    // The compiler is a process of its own, and is not needed again.
    await stop();
  }
}
