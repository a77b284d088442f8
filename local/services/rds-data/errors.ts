/** The errors of the Data API's model that this service answers, with their HTTP status. */
const STATUS = {
  DatabaseErrorException: 400,
  DatabaseUnavailableException: 504,
  HttpEndpointNotEnabledException: 400,
  InternalServerErrorException: 500,
  SecretsErrorException: 400,
  StatementTimeoutException: 400,
  TransactionNotFoundException: 404,
  UnsupportedResultException: 400,
  ValidationException: 400,
} as const;
export type ErrorType = keyof typeof STATUS;

export class DataApiError extends Error {
  readonly type: ErrorType;
  /** The transaction in which it happened is gone with it. */
  readonly endsTransaction: boolean;
  readonly details: Readonly<Record<string, number>>;

  constructor(
    type: ErrorType,
    message: string,
    more: { readonly endsTransaction?: boolean; readonly details?: Readonly<Record<string, number>> } = {},
  ) {
    super(message);
    this.type = type;
    this.endsTransaction = more.endsTransaction ?? false;
    this.details = more.details ?? {};
  }

  get status(): number {
    return STATUS[this.type];
  }
}

export const validationError = (message: string) => new DataApiError('ValidationException', message);
export const databaseError = (message: string) => new DataApiError('DatabaseErrorException', message);

/** MySQL's own errors that mean "no server to talk to" rather than "this statement is wrong". */
const UNAVAILABLE = new Set([
  1040, // too many connections
  1053, // server shutdown in progress
  1927, // connection was killed (MariaDB)
  3169, // session was killed (MySQL)
]);
/** InnoDB has rolled the whole transaction back: what came after would commit by itself. */
const DEADLOCK = 1213;
/** Statement time exceeded: MariaDB's max_statement_time, MySQL's max_execution_time. */
const TIMED_OUT = new Set([1969, 3024]);

/** What the service says of an error that mysql2 gave. */
export function fromMysql(error: unknown): DataApiError {
  if (error instanceof DataApiError) return error;
  const { errno, sqlState, message } = mysqlError(error);
  if (errno === undefined || sqlState === undefined || UNAVAILABLE.has(errno)) {
    return new DataApiError('DatabaseUnavailableException', message, { endsTransaction: true });
  }
  if (TIMED_OUT.has(errno)) return statementTimeout();
  // The form that the service is seen to use: the database's message, then its SQLSTATE.
  return new DataApiError('DatabaseErrorException', `${message}; SQLState: ${sqlState}`, {
    endsTransaction: errno === DEADLOCK,
  });
}

export function statementTimeout(connectionId?: number): DataApiError {
  return new DataApiError('StatementTimeoutException', 'Request timed out', {
    endsTransaction: true,
    ...(connectionId !== undefined && { details: { dbConnectionId: connectionId } }),
  });
}

/** A server's error carries a SQLSTATE; a broken connection's is Node's and carries none. */
function mysqlError(error: unknown): { errno?: number; sqlState?: string; message: string } {
  if (!(error instanceof Error)) return { message: String(error) };
  return {
    message: error.message,
    ...('errno' in error && typeof error.errno === 'number' && { errno: error.errno }),
    ...('sqlState' in error && typeof error.sqlState === 'string' && { sqlState: error.sqlState }),
  };
}
