import * as z from 'zod';

const wrapped = z.object({ errorMessage: z.string() });

/** An execution's cause in words: Lambda wraps what a handler threw into {"errorType", "errorMessage"}. */
export function messageOf(cause: string | undefined): string {
  const parsed = wrapped.safeParse(jsonOrUndefined(cause ?? ''));
  return parsed.success ? parsed.data.errorMessage : (cause ?? '');
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
