/** Whether an event is one that a rule's pattern asks for. Pure. */
import type { EventPattern, Matcher } from '../../template/event-pattern.ts';

/** Every field of the pattern must hold; what the pattern does not name may be anything. */
export function matches(pattern: EventPattern, event: unknown): boolean {
  return Object.entries(pattern).every(([field, expected]) => {
    const value = fieldOf(event, field);
    return isMatchers(expected) ? holdsAny(expected, value) : matches(expected, value);
  });
}

function holdsAny(matchers: readonly Matcher[], value: unknown): boolean {
  // Of a list in the event one element is enough. An object is no value: patterns look at its fields.
  const values = (Array.isArray(value) ? value : [value]).filter(isLeaf);
  return matchers.some((matcher) =>
    matcher.kind === 'exists'
      ? matcher.exists === values.length > 0
      : values.some((candidate) => holds(matcher, candidate)),
  );
}

function holds(matcher: Exclude<Matcher, { kind: 'exists' }>, value: unknown): boolean {
  switch (matcher.kind) {
    case 'equals':
      return value === matcher.value;
    case 'prefix':
      return typeof value === 'string' && value.startsWith(matcher.prefix);
    case 'anything-but':
      return !matcher.values.some((refused) => refused === value);
  }
}

function isMatchers(expected: EventPattern | readonly Matcher[]): expected is readonly Matcher[] {
  return Array.isArray(expected);
}

function isLeaf(value: unknown): boolean {
  return value === null || (typeof value !== 'object' && value !== undefined);
}

function fieldOf(of: unknown, field: string): unknown {
  return typeof of === 'object' && of !== null && Object.hasOwn(of, field)
    ? Reflect.get(of, field)
    : undefined;
}
