/**
 * A stand-in of Slack's incoming webhooks that keeps what was posted. Statuses and words are Slack's
 * (docs.slack.dev/messaging/sending-messages-using-incoming-webhooks).
 */
import Fastify from 'fastify';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { z } from 'zod';
import type { RunningService } from '../../local/process/child-service.ts';
import { Faults, slackFault } from './faults.ts';
import type { SlackFault } from './faults.ts';
import { readPayload } from './message.ts';
import type { SlackPayload } from './message.ts';
import { RateLimit } from './rate-limit.ts';

export interface PostedMessage {
  readonly receivedAt: Date;
  readonly text: string;
  /** As it was sent, text and blocks included. */
  readonly payload: SlackPayload;
}

export interface SlackStandIn extends RunningService {
  /** The incoming webhook: what SLACK_WEBHOOK_URL is to be. */
  readonly webhookUrl: string;
  /** In the order in which they were posted. */
  messages(): readonly PostedMessage[];
  setFault(fault: SlackFault): void;
}

export interface SlackOptions {
  /** 0, or none, takes a free port. */
  readonly port?: number;
  /** Messages above one a second that are taken at once. */
  readonly burst?: number;
  /** Milliseconds, by which that second passes. */
  readonly now?: () => number;
}

const WEBHOOK_PATH = '/services/T00000000/B00000000/local';
const BURST = 10;

/** Starts on 127.0.0.1. GET /messages shows what was posted, DELETE /messages forgets it, POST /faults sets a fault. */
export async function startSlack(options: SlackOptions = {}): Promise<SlackStandIn> {
  const { port = 0, burst = BURST, now = () => performance.now() } = options;
  const posted: PostedMessage[] = [];
  const faults = new Faults();
  const limit = new RateLimit(burst, now);

  const app = Fastify({ forceCloseConnections: true });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.setNotFoundHandler((_request, reply) => say(reply, 404, 'no_service'));
  app.post(WEBHOOK_PATH, (request, reply) => {
    const fault = faults.take();
    if (fault === 'down') return say(reply, 503, 'service_unavailable');
    if (fault === 'hang') return reply.hijack();
    if (fault === 'rate-limited' || !limit.admits()) {
      return say(reply.header('retry-after', '1'), 429, 'rate_limited');
    }
    const verdict = readPayload(z.string().catch('').parse(request.body));
    if (!verdict.ok) return say(reply, 400, verdict.error);
    const { payload } = verdict;
    posted.push({ receivedAt: new Date(), text: payload.text ?? '', payload });
    if (fault !== 'lost-answer') return say(reply, 200, 'ok');
    request.raw.socket.resetAndDestroy();
    return reply.hijack();
  });
  addObservation(app, posted, faults);

  const url = await app.listen({ host: '127.0.0.1', port });
  return {
    url,
    webhookUrl: `${url}${WEBHOOK_PATH}`,
    messages: () => [...posted],
    setFault: (fault) => faults.set(slackFault.parse(fault)),
    close: () => app.close(),
  };
}

/** Not Slack's: what tests, the demo and people look at. */
function addObservation(app: FastifyInstance, posted: PostedMessage[], faults: Faults): void {
  app.get('/messages', () => posted);
  app.delete('/messages', (_request, reply) => {
    posted.length = 0;
    return reply.code(204).send();
  });
  app.post('/faults', (request, reply) => {
    const parsed = slackFault.safeParse(parseJson(request.body));
    if (!parsed.success) return reply.code(400).send({ message: z.prettifyError(parsed.error) });
    faults.set(parsed.data);
    return reply.send(faults.current);
  });
}

function parseJson(body: unknown): unknown {
  try {
    return JSON.parse(z.string().parse(body));
  } catch {
    return undefined;
  }
}

function say(reply: FastifyReply, status: number, word: string): FastifyReply {
  return reply.code(status).type('text/html').send(word);
}
