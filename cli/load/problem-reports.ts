/** Where the rows go that cannot be loaded: the first few to people, all of them to who asks for them. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { csvLine } from '../output/csv.ts';
import type { RowProblem } from './target-rows.ts';

const MOST_SHOWN = 20;

export class FirstProblems {
  #found: RowProblem[] = [];

  add(problems: readonly RowProblem[]): void {
    this.#found = [...this.#found, ...problems].sort((a, b) => a.line - b.line).slice(0, MOST_SHOWN);
  }

  /** By line. */
  get list(): readonly RowProblem[] {
    return this.#found;
  }
}

/** A CSV with a line a problem. There whether there are problems or not: an old one would be taken for this one's. */
export class ErrorFile {
  readonly #file: number;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
    writeSync(this.#file, csvLine(['line', 'column', 'reason']));
  }

  add(problems: readonly RowProblem[]): void {
    const lines = problems.map(({ line, column, reason }) => csvLine([String(line), column ?? '', reason]));
    if (lines.length > 0) writeSync(this.#file, lines.join(''));
  }

  close(): void {
    closeSync(this.#file);
  }
}
