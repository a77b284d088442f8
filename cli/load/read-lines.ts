/** A file's lines, in portions as they are read. No line is kept that is too long to be one of ours. */
import { isUtf8 } from 'node:buffer';
import type { Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** Far more than all columns of a target together can have. */
export const LONGEST_LINE_BYTES = 16 * 1024;
const CHUNK_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

/** Without its line break. Lines are counted from 1. */
export type Line =
  { readonly line: number; readonly text: string } | { readonly line: number; readonly problem: string };

const TOO_LONG = `is longer than ${LONGEST_LINE_BYTES} bytes`;
const NOT_UTF8 = 'is no UTF-8: save the file as UTF-8';

/**
 * Reads the file from its start.
 * @param hash takes in every byte
 */
export async function* readLines(file: FileHandle, hash: Hash): AsyncGenerator<readonly Line[]> {
  const buffer = Buffer.allocUnsafe(LONGEST_LINE_BYTES + CHUNK_BYTES);
  let nextLine = 1;
  let position = 0;
  /** Bytes at the start of the buffer: of a line whose end has not been read. */
  let kept = 0;
  /** The line goes on, and what there was of it is not kept. */
  let isCut = false;
  for (;;) {
    const { bytesRead } = await file.read(buffer, kept, CHUNK_BYTES, position);
    const filled = kept + bytesRead;
    hash.update(buffer.subarray(kept, filled));
    position += bytesRead;
    const isLast = bytesRead === 0;
    // What is left at the end of the file is a line, too.
    const end = isLast ? filled + 1 : buffer.subarray(0, filled).lastIndexOf(LINE_FEED) + 1;
    if (isLast ? filled > 0 || isCut : end > 0) {
      const lines = linesOf(buffer.subarray(0, end - 1), nextLine, isCut);
      nextLine += lines.length;
      isCut = false;
      yield lines;
    }
    if (isLast) return;
    kept = filled - end;
    buffer.copyWithin(0, end, filled);
    if (kept > LONGEST_LINE_BYTES || isCut) {
      isCut = true;
      kept = 0;
    }
  }
}

/** @param isFirstCut the start of the first line is not there any more */
function linesOf(bytes: Buffer, firstLine: number, isFirstCut: boolean): Line[] {
  const texts = isUtf8(bytes) ? bytes.toString('utf8').split('\n') : decodeEach(bytes);
  return texts.map((text, index) => {
    const line = firstLine + index;
    if ((isFirstCut && index === 0) || isTooLong(text)) return { line, problem: TOO_LONG };
    return text === undefined ? { line, problem: NOT_UTF8 } : { line, text };
  });
}

/** undefined: a line that is no UTF-8. */
function decodeEach(bytes: Buffer): (string | undefined)[] {
  const texts: (string | undefined)[] = [];
  for (let start = 0; start <= bytes.length;) {
    const found = bytes.indexOf(LINE_FEED, start);
    const end = found === -1 ? bytes.length : found;
    const line = bytes.subarray(start, end);
    texts.push(isUtf8(line) ? line.toString('utf8') : undefined);
    start = end + 1;
  }
  return texts;
}

function isTooLong(text: string | undefined): boolean {
  // A character is at most three bytes to UTF-16's unit: nothing is counted while it cannot matter.
  if (text === undefined || text.length * 3 <= LONGEST_LINE_BYTES) return false;
  return Buffer.byteLength(text) > LONGEST_LINE_BYTES;
}
