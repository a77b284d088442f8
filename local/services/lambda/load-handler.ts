/** Loads a function's handler as Lambda's Node.js runtime does, once for each execution environment. */
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openBundle } from './bundle.ts';
import type { Bundle } from './bundle.ts';

/** An error of the runtime itself, whose type is not the name of a class. */
export class RuntimeError extends Error {
  constructor(type: string, message: string) {
    super(message);
    this.name = `Runtime.${type}`;
  }
}

export type Handler = (event: unknown, context: object) => unknown;

/** As import says it, and as require does. */
const NOT_FOUND: ReadonlySet<unknown> = new Set(['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND']);

const bundles = new Map<string, Promise<Bundle>>();

/**
 * The handler of a new instance of the bundle. Only the bundle's own file is loaded anew, so a bundle must be one
 * file, which is what esbuild writes.
 */
export async function loadHandler(
  codeDirectory: string,
  handler: string,
  environment: number,
): Promise<Handler> {
  const [, name, path] = /^([^.]+)\.(.+)$/.exec(handler) ?? [];
  if (name === undefined || path === undefined) throw new RuntimeError('MalformedHandlerName', 'Bad handler');

  const file = await moduleFile(codeDirectory, name);
  const bundle = bundles.get(file) ?? openBundle(file);
  bundles.set(file, bundle);
  const loaded = await instantiate(await bundle, environment);

  const found = path.split('.').reduce<unknown>((nested, key) => property(nested, key), loaded);
  if (!isHandler(found)) throw new RuntimeError('HandlerNotFound', `${handler} is undefined or not exported`);
  if (found.length >= 3) {
    const message = 'AWS Lambda has removed callback-based function handlers starting with Node.js 24';
    throw new RuntimeError('CallbackHandlerDeprecated', message);
  }
  return found;
}

async function instantiate(bundle: Bundle, environment: number): Promise<unknown> {
  try {
    return await bundle.instantiate(environment);
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new RuntimeError('UserCodeSyntaxError', `SyntaxError: ${error.message}`);
    const missing = NOT_FOUND.has(property(error, 'code'));
    throw missing
      ? new RuntimeError('ImportModuleError', `Error: ${String(property(error, 'message'))}`)
      : error;
  }
}

async function moduleFile(codeDirectory: string, name: string): Promise<string> {
  const mjs = join(codeDirectory, `${name}.mjs`);
  if (await exists(mjs)) return mjs;
  const js = join(codeDirectory, `${name}.js`);
  if (!(await exists(js))) throw new RuntimeError('ImportModuleError', `Error: Cannot find module '${name}'`);
  // A package.json outside the asset counts for Node.js but is not deployed, so only the asset's own is asked.
  const packageJson = await readFile(join(codeDirectory, 'package.json'), 'utf8').catch(() => '{}');
  if (property(JSON.parse(packageJson), 'type') === 'module') return js;
  // One instance of a CommonJS module is shared by all who load it: environments would not be apart.
  throw new RuntimeError(
    'ImportModuleError',
    `Error: ${name}.js is CommonJS; the local runtime runs ES modules only`,
  );
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function isHandler(value: unknown): value is Handler {
  return typeof value === 'function';
}

function property(of: unknown, key: string): unknown {
  return typeof of === 'object' && of !== null && key in of ? Reflect.get(of, key) : undefined;
}
