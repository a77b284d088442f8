/** Reads the published contract, so that paths and request schemas are said once: in the YAML. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';

export type GrantKind = 'VOUCHER' | 'POINT';

export interface GrantRoute {
  readonly path: string;
  readonly kind: GrantKind;
  /** JSON schemas for fastify's ajv. */
  readonly headers: Record<string, unknown>;
  readonly body: Record<string, unknown>;
}

const reference = z.object({ $ref: z.string() });
const jsonSchema = z.record(z.string(), z.unknown());
const kindOf = { grantVoucher: 'VOUCHER', grantPoints: 'POINT' } as const;

const contract = z.object({
  paths: z.record(
    z.string(),
    z.object({
      post: z.object({
        operationId: z.enum(['grantVoucher', 'grantPoints']),
        parameters: z.array(reference),
        requestBody: z.object({ content: z.object({ 'application/json': z.object({ schema: reference }) }) }),
      }),
    }),
  ),
  components: z.object({
    parameters: z.record(
      z.string(),
      z.object({ in: z.literal('header'), name: z.string(), schema: jsonSchema }),
    ),
    schemas: z.record(z.string(), jsonSchema),
  }),
});

/** @throws Error when the file is not the contract that this stand-in knows how to serve. */
export async function loadGrantRoutes(): Promise<GrantRoute[]> {
  const text = await readFile(new URL('money-api.openapi.yaml', import.meta.url), 'utf8');
  const { paths, components } = contract.parse(parse(text));
  return Object.entries(paths).map(([path, { post }]) => {
    const parameters = post.parameters.map(({ $ref }) => named(components.parameters, $ref));
    return {
      path,
      kind: kindOf[post.operationId],
      headers: {
        type: 'object',
        // Node gives header names in lower case.
        properties: Object.fromEntries(parameters.map((p) => [p.name.toLowerCase(), p.schema])),
        required: parameters.map((p) => p.name.toLowerCase()),
      },
      body: named(components.schemas, post.requestBody.content['application/json'].schema.$ref),
    };
  });
}

function named<T>(among: Record<string, T>, ref: string): T {
  const found = among[ref.slice(ref.lastIndexOf('/') + 1)];
  if (found === undefined) throw new Error(`the contract refers to ${ref}, which it does not have`);
  return found;
}
