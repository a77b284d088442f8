/** What has to be known of a SQL text before it is sent, found in one pass and kept for the next call. */
export interface SqlText {
  /** The text between the parameters: one more than `parameters`. */
  readonly segments: readonly string[];
  readonly parameters: readonly string[];
  /** First keyword, upper case; WITH and a leading parenthesis are followed to SELECT. */
  readonly verb: string;
  readonly severalStatements: boolean;
  readonly onDuplicateKey: boolean;
  /** INSERT … SELECT, of which only the first generated key is known. */
  readonly insertsSelected: boolean;
  /** It may leave something behind in the session (a variable, a lock, an open transaction). */
  readonly touchesSession: boolean;
}

/** A literal, a quoted name or a comment (to be left alone), or else a parameter or a semicolon. */
const TOKEN =
  /'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|--(?=\s|$)[^\n]*|#[^\n]*|\/\*[\s\S]*?\*\/|(?<!:):([A-Za-z_]\w*)|;/gs;

/** Statements that leave a session as they found it, if they name no variable and take no named lock. */
const PLAIN_VERBS = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'REPLACE']);

/** Handlers send some dozens of texts, over and over; a text made anew for each call must not pile up. */
const CACHE_LIMIT = 1_000;
const cache = new Map<string, SqlText>();

export function readSql(sql: string): SqlText {
  const known = cache.get(sql);
  if (known !== undefined) return known;
  const read = scan(sql);
  if (cache.size >= CACHE_LIMIT) cache.clear();
  cache.set(sql, read);
  return read;
}

function scan(sql: string): SqlText {
  const segments: string[] = [];
  const parameters: string[] = [];
  const bareParts: string[] = [];
  let segmentStart = 0;
  let bareStart = 0;
  for (const token of sql.matchAll(TOKEN)) {
    const [text, parameter] = token;
    bareParts.push(sql.slice(bareStart, token.index), text === ';' ? ';' : ' ');
    bareStart = token.index + text.length;
    if (parameter === undefined) continue;
    segments.push(sql.slice(segmentStart, token.index));
    parameters.push(parameter);
    segmentStart = bareStart;
  }
  segments.push(sql.slice(segmentStart));
  bareParts.push(sql.slice(bareStart));
  return { segments, parameters, ...describe(bareParts.join('')) };
}

/** @param bare the text without literals, quoted names, comments and parameters. */
function describe(bare: string): Omit<SqlText, 'segments' | 'parameters'> {
  const first = /^[\s(]*([A-Za-z]+)/.exec(bare)?.[1]?.toUpperCase() ?? '';
  const verb = first === 'WITH' ? verbAfterWith(bare) : first;
  // The body of a stored program has semicolons of its own; the server judges those.
  const storedProgram = /^\s*CREATE\b.*\b(?:PROCEDURE|FUNCTION|TRIGGER|EVENT)\b/is.test(bare);
  return {
    verb,
    severalStatements: !storedProgram && /;\s*[^\s;]/.test(bare),
    onDuplicateKey: /\bON\s+DUPLICATE\s+KEY\b/i.test(bare),
    insertsSelected: /\bSELECT\b/i.test(bare),
    touchesSession: !PLAIN_VERBS.has(verb) || /@|\bGET_LOCK\b|\bINTO\s+OUTFILE\b/i.test(bare),
  };
}

/** The statement that the common table expressions are for stands outside all parentheses. */
function verbAfterWith(bare: string): string {
  let outside = bare;
  for (let before = ''; before !== outside;) {
    before = outside;
    outside = before.replace(/\([^()]*\)/g, ' ');
  }
  return /\b(SELECT|UPDATE|DELETE)\b/i.exec(outside)?.[1]?.toUpperCase() ?? 'SELECT';
}
