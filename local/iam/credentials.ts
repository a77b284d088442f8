/** Whose credentials a call carries: each role has its own, and the name of the role is its access key. */
import type { IncomingHttpHeaders } from 'node:http';

/** Of whoever is no role: the person at this machine, who may do everything. */
const OPERATOR = 'local';

export function roleName(roleArn: string): string {
  return roleArn.slice(roleArn.lastIndexOf('/') + 1);
}

/** The environment variables that AWS's clients read. */
export function credentialsOf(roleArn: string | undefined) {
  return {
    AWS_ACCESS_KEY_ID: roleArn === undefined ? OPERATOR : roleName(roleArn),
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_SESSION_TOKEN: 'local',
  };
}

const CREDENTIAL = /Credential=([^/]+)\//;

/** From the signature; undefined without one. The signature itself is nobody's proof on one machine. */
export function accessKeyOf({
  authorization,
}: Pick<IncomingHttpHeaders, 'authorization'>): string | undefined {
  return CREDENTIAL.exec(authorization ?? '')?.[1];
}
