import { escape } from 'mysql2';
import { databaseError, validationError } from './errors.ts';
import type { Field, SqlParameter } from './requests.ts';
import type { SqlText } from './sql-text.ts';

/**
 * The statement with its values written in as literals. MySQL's text protocol is faster here than its
 * prepared one, and is what the service's connector uses by default.
 */
export function bindParameters(sql: SqlText, parameters: readonly SqlParameter[]): string {
  if (sql.parameters.length === 0) return sql.segments.join('');
  const literals = new Map(parameters.map((parameter) => [parameter.name, literal(parameter)]));
  let text = sql.segments[0] ?? '';
  for (const [index, name] of sql.parameters.entries()) {
    const value = literals.get(name);
    if (value === undefined) throw databaseError(`Cannot find parameter: ${name}`);
    text += value + (sql.segments[index + 1] ?? '');
  }
  return text;
}

function literal({ name, value, typeHint }: SqlParameter): string {
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  if (fields.length > 1) throw validationError(`Parameter "${name}" has value with more than one field set`);
  if (value.isNull === true) return 'NULL';
  if (typeHint !== undefined) return hintedLiteral(name, typeHint, value.stringValue);
  return plainLiteral(name, value);
}

function plainLiteral(name: string, value: Field): string {
  if (value.stringValue !== undefined) return escape(value.stringValue);
  // The space keeps `a-:x` with a negative x from becoming `a--1`.
  if (value.longValue !== undefined) return ` ${value.longValue}`;
  // The exponent makes it a DOUBLE; without one MySQL reads a DECIMAL.
  if (value.doubleValue !== undefined) return ` ${value.doubleValue.toExponential()}`;
  if (value.booleanValue !== undefined) return value.booleanValue ? 'TRUE' : 'FALSE';
  if (value.blobValue !== undefined) return `x'${Buffer.from(value.blobValue, 'base64').toString('hex')}'`;
  if (value.arrayValue !== undefined) throw validationError('Array parameters are not supported.');
  throw validationError(`Parameter "${name}" has value with no field set`);
}

type TypeHint = NonNullable<SqlParameter['typeHint']>;

const FORMAT: Readonly<Record<TypeHint, string>> = {
  DATE: 'YYYY-MM-DD',
  DECIMAL: 'a decimal number',
  JSON: 'JSON',
  TIME: 'HH:MM:SS[.FFF]',
  TIMESTAMP: 'YYYY-MM-DD HH:MM:SS[.FFF]',
  UUID: 'a UUID',
};
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?$/;

const IS_VALID: Readonly<Record<TypeHint, (text: string) => boolean>> = {
  DATE: isDate,
  DECIMAL: (text) => /^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text),
  JSON: isJson,
  TIME: (text) => TIME.test(text),
  TIMESTAMP: (text) => isDate(text.slice(0, 10)) && text[10] === ' ' && TIME.test(text.slice(11)),
  UUID: (text) => /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i.test(text),
};

function hintedLiteral(name: string, hint: TypeHint, text: string | undefined): string {
  if (text === undefined)
    throw validationError(`Parameter "${name}" with typeHint ${hint} needs a stringValue`);
  if (!IS_VALID[hint](text)) {
    throw validationError(`Parameter "${name}" with typeHint ${hint} must have the format ${FORMAT[hint]}`);
  }
  return hint === 'DECIMAL' ? ` ${text}` : escape(text);
}

function isDate(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  // Date.parse lets 30 February pass as 1 March.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
