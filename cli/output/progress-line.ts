import { grouped } from './grouped.ts';

export interface ProgressLine {
  show(what: string, done: number, total?: number): void;
  /** The line is gone, and what follows begins at its place. */
  clear(): void;
}

/** process.stderr, as far as it is used. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const REDRAW_MS = 100;

/** One line that is drawn over, on a terminal; nothing elsewhere, where it would only fill a log. */
export function progressLine(stream: Terminal): ProgressLine {
  if (stream.isTTY !== true) return { show: () => undefined, clear: () => undefined };
  let drawnAt = 0;
  return {
    show: (what, done, total) => {
      if (Date.now() - drawnAt < REDRAW_MS) return;
      drawnAt = Date.now();
      const of = total === undefined ? '' : ` of ${grouped(total)}`;
      stream.write(`\r\x1b[K${what} ${grouped(done)}${of}`);
    },
    clear: () => {
      stream.write('\r\x1b[K');
    },
  };
}
