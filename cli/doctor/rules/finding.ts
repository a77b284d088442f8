/** What one look at a part of the deployment came to. */
export interface Finding {
  readonly part: string;
  /** 'skipped': it cannot be looked at from here, or there is nothing to see. */
  readonly status: 'ok' | 'warn' | 'fail' | 'skipped';
  readonly says: string;
  /** What to do about it. */
  readonly todo?: string;
}

export function ok(part: string, says: string): Finding {
  return { part, status: 'ok', says };
}

export function skipped(part: string, says: string): Finding {
  return { part, status: 'skipped', says };
}

export function warn(part: string, says: string, todo: string): Finding {
  return { part, status: 'warn', says, todo };
}

export function fail(part: string, says: string, todo: string): Finding {
  return { part, status: 'fail', says, todo };
}
