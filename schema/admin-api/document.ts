/** The OpenAPI 3.1 document, made of what the routes themselves are checked with. */
import * as z from 'zod';
import { components } from './components.ts';
import { nothing } from './operation.ts';
import type { AnswerDescription, Operation } from './operation.ts';
import { PROBLEM_MEDIA_TYPE, PROBLEMS, problem } from './problem.ts';
import type { ProblemName } from './problem.ts';
import { memberType } from './token.ts';

type Json = Readonly<Record<string, unknown>>;

export interface OpenApiDocument extends Json {
  readonly openapi: '3.1.0';
}

export function openApiDocument(operations: readonly Operation[]): OpenApiDocument {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of operations) {
    paths[operation.path] = { ...paths[operation.path], [operation.method]: describe(operation) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Grantline',
      version: '1',
      description:
        'Starts, watches, stops and redrives campaigns, starts and shows jobs. Times are those of Asia/Seoul, with their offset.',
    },
    paths,
    components: {
      schemas: componentSchemas(),
      securitySchemes: {
        token: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: `HS256, with exp, and a memberType of ${memberType.options.join(' or ')}.`,
        },
      },
    },
  };
}

function describe(operation: Operation): Json {
  const { operationId, tag, summary, description, access } = operation;
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description === undefined ? {} : { description }),
    security: access === 'admin' ? [{ token: [] }] : [],
    parameters: [...parametersOf(operation.parameters, 'path'), ...parametersOf(operation.query, 'query')],
    ...requestBodyOf(operation),
    responses: responsesOf(operation),
  };
}

function parametersOf(schema: z.ZodType, place: 'path' | 'query'): Json[] {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input' });
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: place,
    required: required.includes(name),
    schema: property,
  }));
}

function requestBodyOf({ method, body }: Operation): Json {
  if (method === 'get') return {};
  return {
    requestBody: {
      required: !body.safeParse({}).success,
      content: { 'application/json': { schema: schemaOf(body) } },
    },
  };
}

/** By status; a status may be that of an answer and of problems, told apart by their media types. */
function responsesOf(operation: Operation): Json {
  const responses = new Map<number, Response>();
  const add = (status: number, { description, content, ...more }: Response) => {
    const known = responses.get(status);
    responses.set(status, {
      ...known,
      ...more,
      description: known === undefined ? description : `${known.description} Or: ${description}`,
      content: { ...known?.content, ...content },
    });
  };
  for (const [status, answer] of Object.entries(operation.answers)) add(Number(status), answerOf(answer));
  for (const name of namesOfProblems(operation)) {
    const { status, title } = PROBLEMS[name];
    add(status, {
      description: `${title}.`,
      content: { [PROBLEM_MEDIA_TYPE]: { schema: schemaOf(problem) } },
    });
  }
  return Object.fromEntries(responses);
}

interface Response {
  readonly description: string;
  readonly headers?: Json;
  readonly content: Json;
}

function answerOf({ description, schema, mediaType, headers = {} }: AnswerDescription): Response {
  const described = Object.entries(headers).map(([name, says]): [string, Json] => [
    name,
    { description: says, required: true, schema: { type: 'string' } },
  ]);
  return {
    description,
    ...(described.length === 0 ? {} : { headers: Object.fromEntries(described) }),
    content: { [mediaType ?? 'application/json']: { schema: schemaOf(schema) } },
  };
}

function namesOfProblems({ access, method, parameters, problems }: Operation): ProblemName[] {
  const hasParameters = parameters !== nothing;
  return [
    'malformed-request',
    ...(access === 'admin' ? (['unauthorized', 'forbidden'] as const) : []),
    ...(hasParameters ? (['not-found'] as const) : []),
    ...(method === 'post' ? (['body-too-large', 'unsupported-media-type', 'invalid-body'] as const) : []),
    ...problems,
    'internal-error',
    'unavailable',
  ];
}

/** A component is referred to; anything else is written out. */
function schemaOf(schema: z.ZodType): Json {
  const id = components.get(schema)?.id;
  return id === undefined ? withoutIds(z.toJSONSchema(schema)) : { $ref: refTo(id) };
}

function componentSchemas(): Json {
  const { schemas } = z.toJSONSchema(components, { uri: refTo });
  return Object.fromEntries(Object.entries(schemas).map(([id, schema]) => [id, withoutIds(schema)]));
}

function refTo(id: string): string {
  return `#/components/schemas/${id}`;
}

/** An $id would move the root that each $ref is relative to, away from the document. */
function withoutIds(schema: Json): Json {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$id' && key !== '$schema'));
}
