/** Whose credentials a call carries: each role has its own, and its name is in its access key. */
import type { IncomingHttpHeaders } from 'node:http';

/** No key that AWS gives out has it: whoever has another is the person at this machine. */
const OF_ROLE = 'role:';

export function roleName(roleArn: string): string {
  return roleArn.slice(roleArn.lastIndexOf('/') + 1);
}

/** The environment variables that AWS's clients read. */
export function credentialsOf(roleArn: string) {
  return {
    AWS_ACCESS_KEY_ID: OF_ROLE + roleName(roleArn),
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
  };
}

const CREDENTIAL = /Credential=([^/]+)\//;

/**
 * The role's name from the signature; undefined for the person at this machine. The signature itself is nobody's proof
 * on one machine.
 */
export function callerOf({ authorization }: Pick<IncomingHttpHeaders, 'authorization'>): string | undefined {
  const key = CREDENTIAL.exec(authorization ?? '')?.[1] ?? '';
  return key.startsWith(OF_ROLE) ? key.slice(OF_ROLE.length) : undefined;
}
