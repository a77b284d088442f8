/** A function by its name, its ARN, or either with a qualifier: a version or an alias. */
const BY_ARN = 6;

/** The name alone. */
export function functionNameOf(nameOrArn: string): string {
  return partsOf(nameOrArn)[0] ?? nameOrArn;
}

/** `:qualifier`, or nothing. */
export function qualifierOf(nameOrArn: string): string {
  const qualifier = partsOf(nameOrArn)[1];
  return qualifier === undefined ? '' : `:${qualifier}`;
}

function partsOf(nameOrArn: string): string[] {
  const parts = nameOrArn.split(':');
  return parts[0] === 'arn' ? parts.slice(BY_ARN) : parts;
}
