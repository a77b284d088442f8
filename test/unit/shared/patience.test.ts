import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { patience } from '../../../lambdas/shared/patience.ts';

/** Takes connections and answers nothing. */
let silent: Server;
const sockets: Socket[] = [];

beforeEach(async () => {
  silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  silent.close();
  await once(silent, 'close');
});

it('a service that never answers is given up', async () => {
  const { port } = silent.address() as AddressInfo;
  const client = new SQSClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'ap-northeast-2',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: patience(200),
  });

  const asked = client.send(new GetQueueUrlCommand({ QueueName: 'any' }));

  await expect(asked).rejects.toMatchObject({ name: 'TimeoutError' });
  client.destroy();
});
