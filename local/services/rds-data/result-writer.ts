/**
 * Writes a result set as JSON text while its rows arrive. By hand, because a BIGINT past 2^53 must keep its
 * digits, and because a result that is too large must be seen before all of it is in memory.
 */
import type { FieldPacket } from 'mysql2';
import { readColumn } from './columns.ts';
import type { Column, ColumnKind } from './columns.ts';
import { DataApiError, databaseError } from './errors.ts';
import type { ExecuteRequest } from './requests.ts';

export const MAX_RESPONSE_BYTES = 1024 * 1024;
const MAX_ROW_BYTES = 64 * 1024;
/** Shorter rows are below the limit whatever characters they have (a UTF-16 unit is at most 3 bytes). */
const SURELY_SMALL_ROW = MAX_ROW_BYTES / 3;

export function responseTooLarge(): DataApiError {
  return new DataApiError(
    'DatabaseErrorException',
    'Database returned more than the allowed response size limit',
    { endsTransaction: true },
  );
}

/** Text-protocol values with big numbers, dates, decimals and JSON as strings; see database.ts. */
type Value = string | number | Buffer;
export type Row = readonly (Value | null)[];

export type ResultFormat = Pick<ExecuteRequest, 'resultSetOptions' | 'includeResultMetadata'> & {
  readonly asJson: boolean;
};

export class ResultWriter {
  readonly #format: ResultFormat;
  readonly #rows: string[] = [];
  #columns: readonly Column[] = [];
  #prefixes: readonly string[] = [];
  #cells: readonly ((value: Value) => string)[] = [];
  readonly #open: string;
  readonly #close: string;
  readonly #null: string;
  #length = 0;

  constructor(format: ResultFormat) {
    this.#format = format;
    [this.#open, this.#close, this.#null] = format.asJson
      ? ['{', '}', 'null']
      : ['[', ']', '{"isNull":true}'];
  }

  columns(fields: readonly FieldPacket[]): void {
    this.#columns = fields.map(readColumn);
    const { asJson, resultSetOptions } = this.#format;
    if (asJson) refuseDuplicates(this.#columns);
    this.#cells = this.#columns.map(({ kind }) => cellWriter(kind, resultSetOptions, asJson));
    this.#prefixes = this.#columns.map(({ label }, index) => {
      const separator = index === 0 ? '' : ',';
      return asJson ? `${separator}${quotedTwice(label)}:` : separator;
    });
  }

  /** @throws DatabaseErrorException when the row, or all rows so far, are too large. */
  row(values: Row): void {
    let text = this.#open;
    // A counted loop: this is the hot spot of the service, and an iterator costs a third more here.
    for (let index = 0; index < this.#cells.length; index += 1) {
      const value = values[index] ?? null;
      text +=
        (this.#prefixes[index] ?? '') + (value === null ? this.#null : (this.#cells[index]?.(value) ?? ''));
    }
    text += this.#close;
    if (text.length > SURELY_SMALL_ROW) refuseLargeRow(values);
    this.#length += text.length + 1;
    // A lower bound in characters; the exact size in bytes is checked on the whole response.
    if (this.#length > MAX_RESPONSE_BYTES) throw responseTooLarge();
    this.#rows.push(text);
  }

  /** The members of the response that tell the result. */
  members(): string {
    const rows = `[${this.#rows.join(',')}]`;
    if (this.#format.asJson) return `"formattedRecords":"${rows}"`;
    if (!this.#format.includeResultMetadata) return `"records":${rows}`;
    return `"columnMetadata":${JSON.stringify(this.#columns.map(({ metadata }) => metadata))},"records":${rows}`;
  }
}

type Options = ExecuteRequest['resultSetOptions'];
type FieldName = 'booleanValue' | 'longValue' | 'doubleValue' | 'stringValue' | 'blobValue';

function cellWriter(kind: ColumnKind, options: Options, asJson: boolean): (value: Value) => string {
  const write = VALUE[valueName(kind, options)];
  if (asJson && kind === 'blob') return (value) => write(value).replaceAll('"', '\\"');
  if (asJson) return write === VALUE.string ? (value) => quotedTwice(String(value)) : write;
  if (kind === 'decimal' && options.decimalReturnType === 'DOUBLE_OR_LONG') {
    return (value) => `{"${String(value).includes('.') ? 'doubleValue' : 'longValue'}":${write(value)}}`;
  }
  const name: FieldName = FIELD[valueName(kind, options)];
  return (value) => `{"${name}":${write(value)}}`;
}

type ValueName = 'boolean' | 'bit' | 'digits' | 'float' | 'string' | 'blob';

function valueName(kind: ColumnKind, { decimalReturnType, longReturnType }: Options): ValueName {
  switch (kind) {
    case 'integer':
      return longReturnType === 'STRING' ? 'string' : 'digits';
    case 'decimal':
      return decimalReturnType === 'STRING' ? 'string' : 'digits';
    case 'text':
      return 'string';
    case 'boolean':
    case 'bit':
    case 'float':
    case 'blob':
      return kind;
  }
}

const FIELD: Readonly<Record<ValueName, FieldName>> = {
  boolean: 'booleanValue',
  bit: 'booleanValue',
  digits: 'longValue',
  float: 'doubleValue',
  string: 'stringValue',
  blob: 'blobValue',
};

const VALUE: Readonly<Record<ValueName, (value: Value) => string>> = {
  boolean: (value) => (Number(value) === 0 ? 'false' : 'true'),
  bit: (value) => (Buffer.isBuffer(value) && value.at(-1) === 1 ? 'true' : 'false'),
  digits: String,
  float: String,
  string: (value) => JSON.stringify(String(value)),
  blob: (value) => JSON.stringify(Buffer.isBuffer(value) ? value.toString('base64') : String(value)),
};

// eslint-disable-next-line no-control-regex -- these are the characters that JSON escapes
const ESCAPED_BY_JSON = /["\\\u0000-\u001f]/;

/**
 * A string of the JSON text that `formattedRecords` is, which is itself a string of the response's JSON.
 * Written so at once, because quoting 150 KB again at the end is what a large result would cost most.
 */
function quotedTwice(text: string): string {
  if (!ESCAPED_BY_JSON.test(text)) return `\\"${text}\\"`;
  return JSON.stringify(JSON.stringify(text)).slice(1, -1);
}

function refuseDuplicates(columns: readonly Column[]): void {
  const labels = new Set<string>();
  for (const { label } of columns) {
    if (labels.has(label))
      throw databaseError(`Duplicate column label in a result formatted as JSON: ${label}`);
    labels.add(label);
  }
}

function refuseLargeRow(values: Row): void {
  const bytes = values.reduce<number>((sum, value) => sum + byteLength(value), 0);
  if (bytes > MAX_ROW_BYTES) {
    const message = `Packet for query is too large (${bytes} > ${MAX_ROW_BYTES})`;
    throw new DataApiError('DatabaseErrorException', message, { endsTransaction: true });
  }
}

function byteLength(value: Value | null): number {
  if (value === null) return 0;
  return Buffer.isBuffer(value) ? value.length : Buffer.byteLength(String(value));
}
