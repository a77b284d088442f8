/** Secrets Manager over the secrets of the templates: what a function reads at its cold start. AWS JSON 1.1. */
import { randomUUID } from 'node:crypto';
import Fastify from 'fastify';
import { z } from 'zod';
import { sendAccessDenied } from '../../iam/access-denied.ts';
import { ALLOW_ALL, AccessDenied } from '../../iam/authorizer.ts';
import type { Authorizer } from '../../iam/authorizer.ts';
import type { RunningService } from '../../process/child-service.ts';
import type { SecretModel } from '../../template/model.ts';
import { generateSecret } from './generate-secret.ts';

export interface SecretsManagerOptions {
  readonly secrets: readonly SecretModel[];
  /** This machine's value of a secret; undefined takes the template's own, or generates one for this run. */
  readonly valueOf: (name: string) => string | undefined;
  readonly port?: number;
  readonly authorizer?: Authorizer;
}

interface Secret {
  readonly model: SecretModel;
  readonly value: string | undefined;
  readonly versionId: string;
  /** Seconds since the epoch, as AWS JSON says times. */
  readonly created: number;
}

class SecretsManagerError extends Error {
  constructor(code: string, message: string) {
    super(message);
    this.name = code;
  }
}

const target = z.object({ 'x-amz-target': z.string() });
const bySecretId = z.object({ SecretId: z.string() });

/** Starts on 127.0.0.1. */
export async function startSecretsManager(options: SecretsManagerOptions): Promise<RunningService> {
  const { authorizer = ALLOW_ALL } = options;
  const secrets = options.secrets.map((model): Secret => {
    const value =
      options.valueOf(model.name) ?? model.value ?? (model.generate && generateSecret(model.generate));
    return { model, value, versionId: randomUUID(), created: Math.floor(Date.now() / 1000) };
  });

  const app = Fastify();
  app.addContentTypeParser('application/x-amz-json-1.1', { parseAs: 'string' }, (_request, body, done) =>
    done(null, body),
  );
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof AccessDenied) return sendAccessDenied(reply, error);
    const code = error instanceof SecretsManagerError ? error.name : 'InvalidRequestException';
    const message = error instanceof Error ? error.message : String(error);
    return reply.code(400).header('x-amzn-errortype', code).send({ __type: code, Message: message });
  });
  app.post('/', (request, reply) => {
    const action = target.parse(request.headers)['x-amz-target'].split('.').at(-1) ?? '';
    const input: unknown = JSON.parse(z.string().parse(request.body));
    return reply
      .header('content-type', 'application/x-amz-json-1.1')
      .send(
        JSON.stringify(
          answer(secrets, action, input, (resource) =>
            authorizer.request(request.headers, { action: `secretsmanager:${action}`, resource }),
          ),
        ),
      );
  });

  const url = await app.listen({ host: '127.0.0.1', port: options.port ?? 0 });
  return { url, close: () => app.close() };
}

function answer(
  secrets: readonly Secret[],
  action: string,
  input: unknown,
  authorize: (resource: string) => void,
): object {
  const permitted = () => {
    const secret = find(secrets, bySecretId.parse(input).SecretId);
    authorize(secret.model.arn);
    return secret;
  };
  switch (action) {
    case 'GetSecretValue':
      return value(permitted());
    case 'DescribeSecret':
      return description(permitted());
    case 'ListSecrets':
      authorize('*');
      return { SecretList: secrets.map(description) };
    default:
      throw new SecretsManagerError(
        'InvalidRequestException',
        `the local Secrets Manager does not know ${action}`,
      );
  }
}

/** A secret is named by its name, its ARN, or its ARN without the six characters that Secrets Manager adds. */
function find(secrets: readonly Secret[], id: string): Secret {
  const found = secrets.find(
    ({ model }) => id === model.name || id === model.arn || id === model.arn.slice(0, -7),
  );
  if (found) return found;
  throw new SecretsManagerError(
    'ResourceNotFoundException',
    "Secrets Manager can't find the specified secret.",
  );
}

function value(secret: Secret): object {
  if (secret.value === undefined) {
    const message = "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT";
    throw new SecretsManagerError('ResourceNotFoundException', message);
  }
  return {
    ARN: secret.model.arn,
    Name: secret.model.name,
    SecretString: secret.value,
    VersionId: secret.versionId,
    VersionStages: ['AWSCURRENT'],
    CreatedDate: secret.created,
  };
}

function description({ model, versionId, created }: Secret): object {
  return {
    ARN: model.arn,
    Name: model.name,
    CreatedDate: created,
    VersionIdsToStages: { [versionId]: ['AWSCURRENT'] },
  };
}
