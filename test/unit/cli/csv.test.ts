import { expect, test } from 'vitest';
import { parse } from 'csv-parse/sync';
import { csvLine } from '../../../cli/output/csv.ts';
import { duration } from '../../../cli/output/duration.ts';

test('fields with commas, quotes and line breaks come back from a CSV reader as they were', () => {
  const fields = ['1', 'a,b', 'say "no"', 'two\nlines', '길', ''];

  expect(parse(csvLine(fields))).toEqual([fields]);
});

test.each(['=1+1', '+1', '-1', '@x', '\tx'])('%j is text to a spreadsheet, and no formula', (field) => {
  expect(csvLine([field])).toBe(`'${field}\r\n`);
});

test.each([
  [0.4, '0 s'],
  [59.4, '59 s'],
  [598, '9 min 58 s'],
  [3_599.9, '1 h 0 min'],
  [90_061, '25 h 1 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});
