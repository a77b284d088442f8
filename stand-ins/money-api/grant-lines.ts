/**
 * The grants as the NDJSON bytes that GET /ledger sends, off the JavaScript heap: about 120 bytes a grant,
 * nothing for the garbage collector to trace, and reading them back costs no serialisation.
 */
const chunkBytes = 1 << 18;

export class GrantLines {
  private readonly chunks: { readonly bytes: Buffer; used: number }[] = [];
  private lines = 0;

  get count(): number {
    return this.lines;
  }

  append(json: string): void {
    const line = `${json}\n`;
    const size = Buffer.byteLength(line);
    let last = this.chunks.at(-1);
    if (last === undefined || last.used + size > chunkBytes) {
      last = { bytes: Buffer.allocUnsafeSlow(Math.max(chunkBytes, size)), used: 0 };
      this.chunks.push(last);
    }
    last.used += last.bytes.write(line, last.used);
    this.lines += 1;
  }

  /** The bytes of every grant made before the reader reaches the end, in the order of the grants. */
  *read(): Generator<Buffer> {
    for (const { bytes, used } of this.chunks) yield bytes.subarray(0, used);
  }
}
