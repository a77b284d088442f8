import { createHash } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCsv } from '../../../cli/load/read-csv.ts';
import type { CsvRow } from '../../../cli/load/read-csv.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'grantline-csv-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: string | Buffer): Promise<{ rows: CsvRow[]; sha256: string }> {
  const path = join(folder, 'file.csv');
  await writeFile(path, content);
  const file = await open(path);
  const hash = createHash('sha256');
  const rows: CsvRow[] = [];
  try {
    for await (const portion of readCsv(file, hash)) rows.push(...portion);
  } finally {
    await file.close();
  }
  return { rows, sha256: hash.digest('hex') };
}

const TOO_LONG = 'is longer than 16384 bytes';
const QUOTES = 'has a quote that is not closed on its line, or stands where none may';
const NOT_UTF8 = 'is no UTF-8: save the file as UTF-8';

describe('a CSV file', () => {
  it('is read with BOM, CRLF, quotes, blank lines and no line break at its end, each row with its line', async () => {
    const { rows } = await read('\uFEFFa,b\r\n\r\n"1, ""one""",\r\n \r\n2,"둘"\n3,three');

    expect(rows).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 3, fields: ['1, "one"', ''] },
      { line: 5, fields: ['2', '둘'] },
      { line: 6, fields: ['3', 'three'] },
    ]);
  });

  it('whose quotes are wrong loses those rows and no others', async () => {
    const { rows } = await read('a,b\n1,"open\n2,x\n3,"a"b,c"\n4,y\n5,a"b\n6,z\n"7","all",quoted\n');

    expect(rows).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 2, problem: QUOTES },
      { line: 3, fields: ['2', 'x'] },
      { line: 4, problem: QUOTES },
      { line: 5, fields: ['4', 'y'] },
      { line: 6, problem: QUOTES },
      { line: 7, fields: ['6', 'z'] },
      { line: 8, fields: ['7', 'all', 'quoted'] },
    ]);
  });

  it('two of whose rows are open at quotes that would close each other has neither', async () => {
    const { rows } = await read('1,"a\n2,b"\n3,c\n');

    expect(rows).toEqual([
      { line: 1, problem: QUOTES },
      { line: 2, problem: QUOTES },
      { line: 3, fields: ['3', 'c'] },
    ]);
  });

  it('that is no UTF-8 in places is read in the others', async () => {
    const { rows } = await read(
      Buffer.concat([Buffer.from('1,가\n2,'), Buffer.from([0xb0, 0xa1]), Buffer.from('\n3,나\n')]),
    );

    expect(rows).toEqual([
      { line: 1, fields: ['1', '가'] },
      { line: 2, problem: NOT_UTF8 },
      { line: 3, fields: ['3', '나'] },
    ]);
  });

  it('in UTF-16 says so at its first line', async () => {
    const { rows } = await read(Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'));

    expect(rows[0]).toEqual({ line: 1, problem: NOT_UTF8 });
  });

  it('with lines of ten megabytes passes over them, at its end as well', async () => {
    const long = 'x,'.repeat(5_000_000);
    const { rows } = await read(`a,b\n${long}\n2,b\n${long}`);

    expect(rows).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 2, problem: TOO_LONG },
      { line: 3, fields: ['2', 'b'] },
      { line: 4, problem: TOO_LONG },
    ]);
  });

  it('takes the longest line that it says, wherever it lies, and none that is a byte longer', async () => {
    for (const before of [0, 1, 60_000, 65_535, 65_536, 100_000]) {
      const start = before === 0 ? '' : `${'a'.repeat(1_000)}\n`.repeat(Math.floor(before / 1_001));
      // Three bytes a character, so that one may lie across what is read at once.
      const longest = '길'.repeat(5_461);
      const { rows } = await read(`${start}${longest}b\n${longest}bb\nend\n`);

      const [fits, exceeds, end] = rows.slice(-3);
      expect(fits).toMatchObject({ fields: [`${longest}b`] });
      expect(exceeds).toMatchObject({ problem: TOO_LONG });
      expect(end).toMatchObject({ fields: ['end'] });
    }
  });

  it('gives every row of a long file once and in order, and the fingerprint of its bytes', async () => {
    const content = Array.from({ length: 50_000 }, (_, index) => `${index},"이름 ${index}",x\n`).join('');
    const { rows, sha256 } = await read(content);

    expect(rows).toHaveLength(50_000);
    expect(
      rows.every(
        (row, index) => 'fields' in row && row.line === index + 1 && row.fields[0] === String(index),
      ),
    ).toBe(true);
    expect(sha256).toBe(createHash('sha256').update(content).digest('hex'));
  });

  it.each(['', '\n\n', '\uFEFF', '\r\n \r\n'])('that is %j has no row', async (content) => {
    expect((await read(content)).rows).toEqual([]);
  });
});
