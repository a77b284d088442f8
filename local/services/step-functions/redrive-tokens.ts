/** A client token answers for its redrive again; so many of an execution are remembered, for so long. */
const TOKENS = 10;
const TOKEN_MS = 15 * 60 * 1000;

export class RedriveTokens {
  #used: { readonly token: string; readonly atMs: number; readonly redriveDate: number }[] = [];

  /** When the redrive was that was asked for with this token. */
  redriveDateOf(token: string, nowMs: number): number | undefined {
    return this.#used.find((used) => used.token === token && nowMs - used.atMs <= TOKEN_MS)?.redriveDate;
  }

  remember(token: string, redriveDate: number, nowMs: number): void {
    this.#used = [...this.#used, { token, atMs: nowMs, redriveDate }].slice(-TOKENS);
  }
}
