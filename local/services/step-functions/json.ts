/** JSON values as they travel between states, and the one size limit that all of them share. */
import { z } from 'zod';
import { StateError } from './errors.ts';

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = Record<string, Json>;

/** AWS quota: the most that a state, a task or an execution may take or give, in bytes of UTF-8. */
export const MAX_PAYLOAD_BYTES = 256 * 1024;

/** For values that are JSON by construction (JSON.parse made them): a type without a second walk over them. */
export const parsedJson = z.custom<Json>();

/** @throws SyntaxError */
export function parseJson(text: string): Json {
  return parsedJson.parse(JSON.parse(text));
}

/** What the value becomes on the wire: undefined is null, dates are strings, class instances plain objects. */
export function toJson(value: unknown): Json {
  return value === undefined ? null : parseJson(JSON.stringify(value));
}

export function isJsonObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The JSON text of a payload, checked against the quota.
 * @throws StateError States.DataLimitExceeded
 */
export function payloadText(value: Json, what: string): string {
  const text = JSON.stringify(value);
  if (Buffer.byteLength(text) > MAX_PAYLOAD_BYTES) {
    throw new StateError(
      'States.DataLimitExceeded',
      `${what} has a size exceeding the maximum number of bytes service limit (${MAX_PAYLOAD_BYTES}).`,
    );
  }
  return text;
}
