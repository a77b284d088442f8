/** A stage's network: of its own, or what is there already. */
import { BlockList } from 'node:net';
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

/** Of the range: a VPC takes /16 to /28, and a smaller one would leave too little to each subnet. */
const [WIDEST, NARROWEST] = [16, 22];
/** RFC 1918. */
const PRIVATE = new BlockList();
PRIVATE.addSubnet('10.0.0.0', 8);
PRIVATE.addSubnet('172.16.0.0', 12);
PRIVATE.addSubnet('192.168.0.0', 16);

const vpcCidr = z
  .cidrv4({ error: 'must be a range like 10.64.0.0/20', abort: true })
  .refine(isOfSize, { error: `must be from /${WIDEST} to /${NARROWEST}`, abort: true })
  .refine(beginsWhereItsSizeDoes, { error: 'must begin where a range of its size does' })
  .refine((range) => PRIVATE.check(addressOf(range)), {
    error: 'must be a private range, of 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16',
  });

export const network = z
  .strictObject({
    /**
     * Of the VPC that is created, half of which stays free. Agreed upon with whoever runs what it is to be joined to: a
     * peering takes no ranges that overlap, and it cannot be changed later.
     */
    cidr: vpcCidr.optional(),
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
  })
  .refine(({ cidr, existing }) => (cidr === undefined) !== (existing === undefined), {
    error: 'must have either cidr, for a VPC of its own, or existing',
  });
export type NetworkConfig = z.output<typeof network>;

function isOfSize(range: string): boolean {
  const prefix = prefixOf(range);
  return prefix >= WIDEST && prefix <= NARROWEST;
}

/** AWS would take the range that it lies in, which may be another stage's. */
function beginsWhereItsSizeDoes(range: string): boolean {
  const address = addressOf(range)
    .split('.')
    .reduce((number, byte) => number * 256 + Number(byte), 0);
  return address % 2 ** (32 - prefixOf(range)) === 0;
}

function addressOf(range: string): string {
  return range.split('/')[0] ?? '';
}

function prefixOf(range: string): number {
  return Number(range.split('/')[1]);
}

function areDistinct(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}
