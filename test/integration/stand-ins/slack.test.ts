import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startSlack } from '../../../stand-ins/slack/server.ts';
import type { SlackOptions, SlackStandIn } from '../../../stand-ins/slack/server.ts';

let slack: SlackStandIn;

const restart = async (options: SlackOptions) => {
  await slack.close();
  slack = await startSlack(options);
};

beforeEach(async () => {
  slack = await startSlack();
});
afterEach(() => slack.close());

const post = async (body: unknown, url = slack.webhookUrl) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return [response.status, await response.text()];
};

const setFault = (fault: object) =>
  fetch(`${slack.url}/faults`, { method: 'POST', body: JSON.stringify(fault) });

const texts = () => slack.messages().map(({ text }) => text);

describe('the incoming webhook', () => {
  it('posts a message, and shows what was posted in its order and with its time', async () => {
    const before = new Date();
    const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: '*7*' } }];

    expect(await post({ text: '캠페인 7: 완료' })).toEqual([200, 'ok']);
    expect(await post({ text: 'second', blocks })).toEqual([200, 'ok']);

    const shown: unknown = await (await fetch(`${slack.url}/messages`)).json();
    expect(shown).toMatchObject([
      { text: '캠페인 7: 완료', payload: { text: '캠페인 7: 완료' } },
      { text: 'second', payload: { text: 'second', blocks } },
    ]);
    const [first] = slack.messages();
    expect(first?.receivedAt.getTime()).toBeGreaterThanOrEqual(before.getTime());
    expect(JSON.stringify(shown)).toContain(first?.receivedAt.toISOString());
  });

  it.each([
    ['what is no JSON', '{"text":', 'invalid_payload'],
    ['a list', [], 'invalid_payload'],
    ['a text that is a number', { text: 7 }, 'invalid_payload'],
    ['an empty text', { text: '  ' }, 'no_text'],
    ['nothing', {}, 'no_text'],
    ['blocks that are none', { text: 'x', blocks: ['section'] }, 'invalid_blocks'],
    ['51 blocks', { blocks: Array.from({ length: 51 }, () => ({ type: 'divider' })) }, 'invalid_blocks'],
  ])('refuses %s', async (_what, body, word) => {
    expect(await post(body)).toEqual([400, word]);
    expect(slack.messages()).toEqual([]);
  });

  it('takes blocks without a text', async () => {
    expect(await post({ blocks: [{ type: 'divider' }] })).toEqual([200, 'ok']);
    expect(texts()).toEqual(['']);
  });

  it('is no service under another path or method', async () => {
    expect(await post({ text: 'x' }, `${slack.url}/services/T1/B1/other`)).toEqual([404, 'no_service']);
    expect((await fetch(slack.webhookUrl)).status).toBe(404);
  });

  it('lets a burst through and then tells the sender when to come again', async () => {
    await restart({ burst: 3, now: () => 0 });

    const answers = [];
    for (let sent = 0; sent < 4; sent += 1) answers.push(await post({ text: `${sent}` }));
    const refused = await fetch(slack.webhookUrl, { method: 'POST', body: '{"text":"x"}' });

    expect(answers).toEqual([...Array.from({ length: 3 }, () => [200, 'ok']), [429, 'rate_limited']]);
    expect(refused.headers.get('retry-after')).toBe('1');
    expect(texts()).toEqual(['0', '1', '2']);
  });

  it('forgets what was posted when it is told', async () => {
    await post({ text: 'x' });

    await fetch(`${slack.url}/messages`, { method: 'DELETE' });

    expect(slack.messages()).toEqual([]);
  });
});

describe('on demand Slack', () => {
  it('is down until it is told otherwise', async () => {
    await setFault({ fault: 'down' });

    expect((await post({ text: 'a' }))[0]).toBe(503);
    expect((await post({ text: 'a' }))[0]).toBe(503);
    await setFault({ fault: 'none' });
    expect(await post({ text: 'b' })).toEqual([200, 'ok']);
    expect(texts()).toEqual(['b']);
  });

  it('is down for so many requests', async () => {
    slack.setFault({ fault: 'down', times: 2 });

    const statuses = [];
    for (let sent = 0; sent < 3; sent += 1) statuses.push((await post({ text: 'a' }))[0]);

    expect(statuses).toEqual([503, 503, 200]);
  });

  it('posts a message and loses its answer', async () => {
    slack.setFault({ fault: 'lost-answer', times: 1 });

    await expect(post({ text: 'a' })).rejects.toThrow('fetch failed');
    expect(await post({ text: 'b' })).toEqual([200, 'ok']);
    expect(texts()).toEqual(['a', 'b']);
  });

  it('never answers, posts nothing, and can still be closed', async () => {
    slack.setFault({ fault: 'hang' });
    const unanswered = post({ text: 'a' }).catch(() => 'broken');
    const later = await Promise.race([
      unanswered,
      new Promise((resolve) => setTimeout(resolve, 200, 'none')),
    ]);

    expect(later).toBe('none');
    await slack.close();
    expect(await unanswered).toBe('broken');
    expect(slack.messages()).toEqual([]);
    slack = await startSlack();
  });

  it('limits the rate', async () => {
    slack.setFault({ fault: 'rate-limited', times: 1 });

    expect(await post({ text: 'a' })).toEqual([429, 'rate_limited']);
    expect(await post({ text: 'a' })).toEqual([200, 'ok']);
  });

  it('knows no other fault', async () => {
    const response = await setFault({ fault: 'moody' });

    expect(response.status).toBe(400);
    expect(await post({ text: 'a' })).toEqual([200, 'ok']);
  });
});
