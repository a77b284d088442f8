/** What of a stage's network is there already. */
import { z } from 'zod';

/** As AWS names them in `com.amazonaws.<region>.<service>`: what functions in the VPC call. */
export const ENDPOINT_SERVICES = ['sqs', 'rds-data', 'secretsmanager', 'sns', 'monitoring'] as const;
export type EndpointService = (typeof ENDPOINT_SERVICES)[number];

export const securityGroupId = z
  .string()
  .regex(/^sg-[0-9a-f]{8,17}$/, 'must be the id of a security group, sg-…');

/** Addresses that may be reached; the routes of the subnets limit them in any case. */
export const reachableAt = z.array(z.cidrv4('must be a range like 10.20.0.0/16')).min(1);

const subnet = z.strictObject({
  id: z.string().regex(/^subnet-[0-9a-f]{8,17}$/, 'must be the id of a subnet, subnet-…'),
  /** Its zone, like ap-northeast-2a: asking AWS for it would take an account at synth. */
  availabilityZone: z.string().regex(/^[a-z]{2}(-[a-z]+)+-\d[a-z]$/, 'must be a zone like ap-northeast-2a'),
});

export const network = z.strictObject({
  /** A VPC that others run, with DNS hostnames and DNS support on: none is created then. */
  existing: z
    .strictObject({
      vpcId: z.string().regex(/^vpc-[0-9a-f]{8,17}$/, 'must be the id of a VPC, vpc-…'),
      /** Isolated ones, one a zone, in two zones at least: of the functions, Aurora and the cache. */
      subnets: z
        .array(subnet)
        .min(2)
        .refine((subnets) => areDistinct(subnets.map(({ availabilityZone }) => availabilityZone)), {
          error: 'must each be in a zone of its own',
        }),
      /**
       * Endpoints that the VPC has already: a second one of a service would claim the same name. Their owner lets the
       * functions in on 443 (output FunctionSecurityGroupId). Those that are not listed are created.
       */
      endpoints: z
        .strictObject({
          securityGroupId,
          services: z
            .array(z.enum(ENDPOINT_SERVICES))
            .min(1)
            .refine(areDistinct, { error: 'must not be listed twice' }),
        })
        .optional(),
    })
    .optional(),
});
export type NetworkConfig = z.output<typeof network>;

function areDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
