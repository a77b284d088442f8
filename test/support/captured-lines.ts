/** What a function writes to its log, as CloudWatch would receive it: a JSON object a line. */
import { afterEach, beforeEach, vi } from 'vitest';

/** For the whole suite. @returns the lines of the present test so far, parsed. */
export function useCapturedLines(): () => unknown[] {
  let text = '';
  beforeEach(() => {
    text = '';
    vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
    // Warnings and errors of the logger go there.
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      text += String(chunk);
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return () =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line): unknown => JSON.parse(line));
}
