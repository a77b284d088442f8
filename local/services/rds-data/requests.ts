import { z } from 'zod';
import { validationError } from './errors.ts';

/** Everything that the service refuses before it looks at the database. */

const arn = z.string().min(11).max(100);

const field = z.object({
  isNull: z.boolean().optional(),
  booleanValue: z.boolean().optional(),
  /** A bigint where the number has more digits than a JavaScript number holds. */
  longValue: z.union([z.int(), z.bigint()]).optional(),
  doubleValue: z.number().optional(),
  stringValue: z.string().optional(),
  /** base64 */
  blobValue: z.string().optional(),
  arrayValue: z.unknown().optional(),
});
export type Field = z.output<typeof field>;

const sqlParameter = z.object({
  name: z.string(),
  value: field,
  typeHint: z.enum(['DATE', 'DECIMAL', 'JSON', 'TIME', 'TIMESTAMP', 'UUID']).optional(),
});
export type SqlParameter = z.output<typeof sqlParameter>;

const credentials = { resourceArn: arn, secretArn: arn };
const schema = z.undefined({ error: "The schema parameter isn't supported" }).optional();
const statement = {
  ...credentials,
  sql: z.string().max(65_536),
  database: z.string().max(64).optional(),
  schema,
  transactionId: z.string().max(192).optional(),
};

export const executeRequest = z.object({
  ...statement,
  parameters: z.array(sqlParameter).default([]),
  includeResultMetadata: z.boolean().default(false),
  continueAfterTimeout: z.boolean().default(false),
  formatRecordsAs: z.enum(['NONE', 'JSON']).default('NONE'),
  resultSetOptions: z
    .object({
      decimalReturnType: z.enum(['STRING', 'DOUBLE_OR_LONG']).default('STRING'),
      longReturnType: z.enum(['LONG', 'STRING']).default('LONG'),
    })
    .default({ decimalReturnType: 'STRING', longReturnType: 'LONG' }),
});
export type ExecuteRequest = z.output<typeof executeRequest>;

export const batchExecuteRequest = z.object({
  ...statement,
  parameterSets: z.array(z.array(sqlParameter)).default([]),
});

export const beginTransactionRequest = z.object({
  ...credentials,
  database: z.string().max(64).optional(),
  schema,
});

export const endTransactionRequest = z.object({ ...credentials, transactionId: z.string().max(192) });

/** @throws ValidationException that names the member that is wrong. */
export function parseRequest<Request>(shape: z.ZodType<Request>, body: string): Request {
  const parsed = shape.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue?.path[0] === 'schema') throw validationError(issue.message);
  const member = issue?.path.join('.') ?? '';
  throw validationError(
    `1 validation error detected: Value at '${member}' failed to satisfy constraint: ${issue?.message ?? ''}`,
  );
}

/** More digits than 2^53 has: JSON.parse alone would round them. */
const LONG_LONG_VALUE = /"longValue"\s*:\s*-?\d{16}/;

function parseJson(body: string): unknown {
  try {
    // Reviving costs a call for each value of the request, so only where it matters.
    return LONG_LONG_VALUE.test(body) ? JSON.parse(body, exactLongs) : JSON.parse(body);
  } catch {
    throw validationError('The request body is not valid JSON');
  }
}

/** `context.source` is the number's own text (ECMAScript "JSON.parse source text access"). */
function exactLongs(key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (key !== 'longValue' || typeof value !== 'number' || Number.isSafeInteger(value)) return value;
  return context?.source !== undefined && /^-?\d+$/.test(context.source) ? BigInt(context.source) : value;
}
