/** A template says something that the local runtime cannot act on: always one line that names the place. */
export class NotKnownLocally extends Error {
  override readonly name = 'NotKnownLocally';
}

export interface Place {
  readonly stack: string;
  readonly logicalId: string;
}

/** `type` is undefined for what is not a resource: an output, a condition. */
export function refuse(place: Place & { readonly type: string | undefined }, what: string): never {
  const type = place.type ?? 'the output';
  throw new NotKnownLocally(
    `the local runtime does not know what to do with ${type} (${place.stack}/${place.logicalId}): ${what}`,
  );
}

export function refuseType(place: Place & { readonly type: string }): never {
  throw new NotKnownLocally(
    `the local runtime does not know ${place.type} (${place.stack}/${place.logicalId}): list it in local/template`,
  );
}
