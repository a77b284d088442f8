/** Reads a published contract, so that paths and request schemas are said once: in its YAML. */
import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { z } from 'zod';

export interface ContractOperation {
  readonly operationId: string;
  readonly path: string;
  /** JSON schema of the request, for fastify's ajv. */
  readonly body: Record<string, unknown>;
  /** Of the answer with status 200. */
  readonly answer: Record<string, unknown>;
}

const jsonBody = z.object({
  content: z.object({ 'application/json': z.object({ schema: z.record(z.string(), z.unknown()) }) }),
});
const contract = z.object({
  paths: z.record(
    z.string(),
    z.object({
      post: z.object({
        operationId: z.string(),
        requestBody: jsonBody,
        responses: z.object({ '200': jsonBody }),
      }),
    }),
  ),
});

/** @throws Error when the file is no contract of operations that are all POSTs. */
export async function readContract(file: URL): Promise<ContractOperation[]> {
  const { paths } = contract.parse(parse(await readFile(file, 'utf8')));
  return Object.entries(paths).map(([path, { post }]) => ({
    operationId: post.operationId,
    path,
    body: post.requestBody.content['application/json'].schema,
    answer: post.responses['200'].content['application/json'].schema,
  }));
}
