/** How something fares that changes, on a terminal or in a log. */
export interface LiveLine<Shown> {
  show(current: Shown): void;
  /** What follows begins on a line of its own. */
  end(): void;
}

/** process.stdout, as far as it is used. */
export interface Screen {
  readonly columns?: number;
  write(text: string): unknown;
}

const NARROWEST = 80;

/** A line whenever it is another one. */
export function changedLines<Shown>(screen: Screen, format: (current: Shown) => string): LiveLine<Shown> {
  let last: string | undefined;
  return {
    show: (current) => {
      const line = format(current);
      if (line !== last) screen.write(`${line}\n`);
      last = line;
    },
    end: () => undefined,
  };
}

/** One line that is drawn over. */
export function drawnLine<Shown>(screen: Screen, format: (current: Shown) => string): LiveLine<Shown> {
  let drawn: string | undefined;
  return {
    show: (current) => {
      drawn = format(current);
      // A line that is wrapped cannot be drawn over.
      const width = screen.columns === undefined || screen.columns === 0 ? NARROWEST : screen.columns;
      screen.write(`\r\x1b[K${drawn.slice(0, width - 1)}`);
    },
    end: () => {
      if (drawn !== undefined) screen.write(`\r\x1b[K${drawn}\n`);
    },
  };
}
