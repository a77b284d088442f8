import { createHash } from 'node:crypto';

/** Ours, drawn once: names of pushes are made in it for ever. */
const NAMESPACE = '6f1c2f0a-8a0d-5d0f-9a54-4a4b1f0c7e21';

/** A name-based UUID (RFC 9562, version 5): the same push has the same one, whoever sends it. */
export function traceIdOf(push: {
  readonly memberId: string;
  readonly runDate: string;
  readonly targetHour: number;
}): string {
  return uuid5(NAMESPACE, `${push.memberId}/${push.runDate}/${push.targetHour}`);
}

export function uuid5(namespace: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  hash.writeUInt8((hash.readUInt8(6) & 0x0f) | 0x50, 6);
  hash.writeUInt8((hash.readUInt8(8) & 0x3f) | 0x80, 8);
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}
