import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PassThrough } from 'node:stream';
import { CsvError, parse } from 'csv-parse';

/** A record longer than this is none of ours: it is passed over without being kept in memory. */
const LONGEST_RECORD_BYTES = 16 * 1024;

export type CsvRecord =
  | { readonly line: number; readonly fields: readonly string[] }
  | { readonly line: number; readonly problem: string };

/**
 * The records of a CSV file, one after the other, with the line that each begins on. BOM, CRLF and quotes are taken as
 * they come.
 * @throws Error of one line when the file cannot be read or is no UTF-8
 */
export async function* readCsv(path: string): AsyncGenerator<CsvRecord> {
  const problems: CsvRecord[] = [];
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    max_record_size: LONGEST_RECORD_BYTES,
    on_skip: (error) => {
      problems.push({ line: lineOf(error), problem: saying(error) });
      return undefined;
    },
  });
  const out = new PassThrough({ objectMode: true });
  const reading = pipeline(createReadStream(path), utf8(), parser, out);
  // Its failure is thrown by the loop.
  reading.catch((error: unknown) => out.destroy(error instanceof Error ? error : new Error(String(error))));
  let line = 1;
  for await (const chunk of out) {
    yield* problems.splice(0);
    const { record, info } = chunk as { record: string[]; info: { lines: number } };
    yield { line, fields: record };
    line = info.lines + 1;
  }
  yield* problems.splice(0);
  await reading;
}

function lineOf(error: CsvError | undefined): number {
  return typeof error?.['lines'] === 'number' ? error['lines'] : 0;
}

function saying(error: CsvError | undefined): string {
  switch (error?.code) {
    case 'CSV_MAX_RECORD_SIZE':
      return `is longer than ${LONGEST_RECORD_BYTES} bytes`;
    case 'CSV_INVALID_CLOSING_QUOTE':
    case 'INVALID_OPENING_QUOTE':
    case 'CSV_QUOTE_NOT_CLOSED':
      return 'has a quote that is not closed, or not where one may be';
    default:
      return error?.message ?? 'is no CSV';
  }
}

/** Passes bytes on as they are, and refuses those that are no UTF-8, with their line. */
function utf8(): Transform {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let lines = 1;
  const check = (bytes: Buffer | undefined) => {
    try {
      const text = bytes === undefined ? decoder.decode() : decoder.decode(bytes, { stream: true });
      for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) lines += 1;
      return undefined;
    } catch {
      return new Error(`line ${lines} or one of the next is no UTF-8: save the file as UTF-8`);
    }
  };
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const error = check(chunk);
      if (error === undefined) done(null, chunk);
      else done(error);
    },
    flush(done) {
      done(check(undefined));
    },
  });
}
