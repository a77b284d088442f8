/** What saved queries ask for is what the lines of the log say: no field that nobody logs. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { LOG_EVENTS } from '../../../schema/log-events.ts';
import { LOG_LINES } from '../../../schema/log-lines.ts';
import { SAVED_QUERIES } from '../../../schema/saved-queries.ts';

/** CloudWatch's own, and what the logger writes of every line (Powertools' formatter). */
const OF_EVERY_LINE = [
  '@timestamp',
  '@message',
  'event',
  'level',
  'message',
  'function_name',
  'error.name',
  'error.message',
];
const WORDS = /^(filter|fields|parse|unnest|stats|sort|limit|as|into|by|in|like|and|or|not|asc|desc)$/;

/** Names of a shape's fields: within objects by path, the first of a list as Logs Insights numbers it. */
function fieldsOf(shape: z.ZodType, path = ''): string[] {
  const at = (key: string) => (path === '' ? key : `${path}.${key}`);
  if (shape instanceof z.ZodObject) {
    return Object.entries(z.record(z.string(), z.instanceof(z.ZodType)).parse(shape.shape)).flatMap(
      ([key, inner]) => fieldsOf(inner, at(key)),
    );
  }
  if (shape instanceof z.ZodReadonly || shape instanceof z.ZodOptional) {
    return fieldsOf(z.instanceof(z.ZodType).parse(shape.def.innerType), path);
  }
  if (shape instanceof z.ZodArray) {
    return [path, ...fieldsOf(z.instanceof(z.ZodType).parse(shape.element), at('0'))];
  }
  return [path];
}

/** The fields of the lines that the query looks at: of the events that it names, or of all. */
function fieldsAtHand(text: string): Set<string> {
  const eventNames: readonly string[] = Object.values(LOG_EVENTS);
  const filtered = /event (?:= '(\w+)'|in \[([^\]]*)\])/.exec(text);
  const named = [filtered?.[1] ?? '', filtered?.[2] ?? ''].join(',').match(/\w+/g) ?? eventNames;
  const shapes = Object.entries(LOG_LINES).filter(([key]) =>
    Object.entries(LOG_EVENTS).some(([event, name]) => event === key && named.includes(name)),
  );
  return new Set([...OF_EVERY_LINE, ...shapes.flatMap(([, shape]) => fieldsOf(shape))]);
}

/** What the query names and no line says. */
function unknownFields(text: string): string[] {
  const known = fieldsAtHand(text);
  const bare = text.replaceAll(/'[^']*'|\/[^/\n]+\//g, ' ');
  const aliases = new Set(
    [...bare.matchAll(/\bas ((?:\w+(?:, )?)+)/g)].flatMap(([, names = '']) => names.split(', ')),
  );
  // A parsed line has the fields of the line, an element of one of its lists those of the elements.
  const lists = new Map(
    [...bare.matchAll(/unnest line\.(\w+) into (\w+)/g)].map(([, list = '', element = '']) => [
      element,
      list,
    ]),
  );
  const resolved = (name: string): string => {
    const [head = '', ...rest] = name.split('.');
    if (head === 'line') return rest.join('.');
    const list = lists.get(head);
    return list === undefined ? name : [list, '0', ...rest].join('.');
  };
  const names = [...bare.matchAll(/(?<![\w.])@?[A-Za-z_][\w.]*(?!\w*\()/g)].map(([name]) => name);
  return names.filter(
    (name) =>
      !WORDS.test(name) &&
      !aliases.has(name) &&
      name !== 'line' &&
      !lists.has(name) &&
      !known.has(resolved(name)),
  );
}

describe.each(Object.entries(SAVED_QUERIES))('%s', (_name, { text }) => {
  it('asks for nothing that no line says', () => {
    expect(unknownFields(text)).toEqual([]);
  });

  it('looks for events that there are', () => {
    const events = text.match(/'[A-Z]+(?:_[A-Z]+)+'/g) ?? [];
    const known = Object.values(LOG_EVENTS).map((event) => `'${event}'`);
    expect(known).toEqual(expect.arrayContaining(events));
  });

  it('is of commands, one a line', () => {
    const [first = '', ...further] = text.trim().split(/\n(?! )/);
    expect(first).toMatch(/^(filter|fields) /);
    for (const command of further) {
      expect(command).toMatch(/^\| (filter|fields|parse|unnest|stats|sort|limit) /);
    }
  });
});

describe('the check', () => {
  const ask = (rest: string) => unknownFields(`filter event = 'BATCH_PAID'\n${rest}`);

  it.each([
    ['a field that no line has', '| fields grantd', ['grantd']],
    ['a field of another event', '| stats sum(sentCount) as sent', ['sentCount']],
    [
      'a field that an element has not',
      '| unnest line.failures into failure\n| fields failure.reason',
      ['failure.reason'],
    ],
    ['a list that the line has not', '| unnest line.retries into retry', ['line.retries']],
  ])('finds %s', (_name, rest, expected) => {
    expect(ask(rest)).toEqual(expected);
  });

  it('lets pass what there is', () => {
    expect(
      ask('| unnest line.failures into failure\n| stats count(*) as n by failure.code\n| sort n desc'),
    ).toEqual([]);
  });
});
