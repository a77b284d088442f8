/** What PutMetricData says of a request that it does not take. */

const QUERY_CODES = {
  InvalidParameterValueException: 'InvalidParameterValue',
  InvalidParameterCombinationException: 'InvalidParameterCombination',
  MissingRequiredParameterException: 'MissingParameter',
  RequestEntityTooLargeException: 'RequestEntityTooLarge',
  SerializationException: 'SerializationException',
  UnknownOperationException: 'InvalidAction',
} as const;

export type ErrorName = keyof typeof QUERY_CODES;

export class CloudWatchError extends Error {
  override readonly name: ErrorName;
  readonly statusCode: number;

  constructor(name: ErrorName, message: string, statusCode = 400) {
    super(message);
    this.name = name;
    this.statusCode = statusCode;
  }

  /** Clients know the errors by the codes of the protocol before this one, which stand in a header. */
  get queryError(): string {
    return `${QUERY_CODES[this.name]};Sender`;
  }
}

export function invalid(message: string): CloudWatchError {
  return new CloudWatchError('InvalidParameterValueException', message);
}
