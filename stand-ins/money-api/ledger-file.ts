/** Append-only NDJSON file: what was answered before a crash is known after the restart. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';

const newline = 0x0a;

export class LedgerFile {
  private readonly handle: FileHandle;
  private pending = '';
  private writing: Promise<void> = Promise.resolve();
  private next: Promise<void> | undefined;

  private constructor(handle: FileHandle) {
    this.handle = handle;
  }

  /** Gives every complete line to `restore`, then opens the file for appending. */
  static async open(path: string, restore: (line: string) => void): Promise<LedgerFile> {
    const handle = await open(path, 'a+');
    try {
      // A line that a crash cut off was never answered; without this the next one would be glued to it.
      await handle.truncate(await readLines(path, restore));
    } catch (error) {
      await handle.close();
      throw error;
    }
    return new LedgerFile(handle);
  }

  /** Requests that come in while a write is under way share the next one. */
  append(line: string): void {
    this.pending += `${line}\n`;
    this.next ??= this.writing.then(() => {
      const text = this.pending;
      this.pending = '';
      this.next = undefined;
      this.writing = this.handle.appendFile(text);
      return this.writing;
    });
  }

  /** Resolves when all that was appended is in the operating system's hands: it survives kill -9. */
  settled(): Promise<void> {
    return this.next ?? this.writing;
  }

  async close(): Promise<void> {
    await this.settled();
    await this.handle.close();
  }
}

/** Returns the offset after the last complete line. */
async function readLines(path: string, use: (line: string) => void): Promise<number> {
  let end = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(path)) {
    if (!Buffer.isBuffer(chunk)) throw new TypeError('the stream has no encoding, so it gives buffers');
    const bytes = Buffer.concat([rest, chunk]);
    const complete = bytes.lastIndexOf(newline) + 1;
    if (complete > 0) for (const line of bytes.toString('utf8', 0, complete - 1).split('\n')) use(line);
    end += complete;
    rest = bytes.subarray(complete);
  }
  return end;
}
