/** A file of targets, gone through as often as it is needed: it is checked first, and loaded when it is found good. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { Column } from './columns.ts';
import { readCsv } from './read-csv.ts';
import { LoadRefused } from './refusal.ts';
import { RowChecker, readHeader } from './target-rows.ts';
import type { CheckedRow, Promotion } from './target-rows.ts';

export type TargetRow = { readonly line: number } & CheckedRow;

export interface Portion {
  readonly header: readonly Column[];
  readonly rows: readonly TargetRow[];
}

/** Takes what has been read from a file. */
export interface Fingerprint {
  /** SHA-256 in hex, once all of the file has been read. */
  sha256: string;
}

/**
 * The rows of the file in portions, each with its judgement.
 * @throws LoadRefused when its first line does not name the columns
 * @throws Error of one line when it cannot be read
 */
export async function* readTargets(
  path: string,
  promotion: Promotion,
  fingerprint: Fingerprint,
): AsyncGenerator<Portion> {
  const file = await openFile(path);
  try {
    const hash = createHash('sha256');
    let header: readonly Column[] | undefined;
    let checker: RowChecker | undefined;
    for await (const rows of readCsv(file, hash)) {
      const found: TargetRow[] = [];
      for (const row of rows) {
        if (checker === undefined) {
          const names = 'fields' in row ? readHeader(promotion.promotionType, row.fields) : row.problem;
          if (typeof names === 'string') throw new LoadRefused(`line ${row.line}: ${names}`);
          header = names;
          checker = new RowChecker(names, promotion);
        } else if ('problem' in row) {
          found.push({ line: row.line, ok: false, column: null, reason: row.problem });
        } else {
          found.push({ line: row.line, ...checker.check(row.fields) });
        }
      }
      if (header !== undefined && found.length > 0) yield { header, rows: found };
    }
    if (header === undefined) throw new LoadRefused('the file is empty: its first line names the columns');
    fingerprint.sha256 = hash.digest('hex');
  } finally {
    await file.close();
  }
}

async function openFile(path: string) {
  const file = await open(path).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new Error(code === 'ENOENT' ? `there is no file ${path}` : `${path} cannot be read: ${code}`);
  });
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new Error(`${path} is no file: it is read twice, to be checked and to be loaded`);
}
