/** A template as a reviewer reads it: sorted, documents within it opened, and without what changes with the code of functions. */
import { stringify } from 'yaml';
import { z } from 'zod';

const join = z.strictObject({ 'Fn::Join': z.tuple([z.literal(''), z.array(z.unknown())]) });
const record = z.record(z.string(), z.unknown());

export function readable(template: unknown): string {
  const scrubbed: unknown = JSON.parse(scrub(JSON.stringify(opened(template))));
  return stringify(scrubbed, { sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
}

/** Hashes of assets, and of what a version of a function is made of. */
export function scrub(text: string): string {
  return text
    .replace(/\b[0-9a-f]{64}\b/g, 'HASH')
    .replace(/(CurrentVersion[0-9A-F]{8})[0-9a-f]{32}/g, '$1HASH');
}

/** Definitions and dashboards are JSON in text, cut up by their references. */
function opened(value: unknown): unknown {
  const joined = join.safeParse(value);
  if (joined.success) return parsed(joined.data['Fn::Join'][1].map(written).join('')) ?? value;
  if (Array.isArray(value)) return value.map(opened);
  const fields = record.safeParse(value);
  if (!fields.success) return value;
  return Object.fromEntries(Object.entries(fields.data).map(([name, each]) => [name, opened(each)]));
}

function written(part: unknown): string {
  return typeof part === 'string' ? part : `\${${JSON.stringify(part).replaceAll('"', "'")}}`;
}

function parsed(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
