import { afterEach, describe, expect, it, vi } from 'vitest';
import { startEventBus } from '../../../local/services/events/bus.ts';
import type { EventBus, EventBusOptions } from '../../../local/services/events/bus.ts';
import { statusChangeEvent } from '../../../local/services/events/event.ts';
import { matches } from '../../../local/services/events/matches.ts';
import type { StatusChange } from '../../../local/services/step-functions/status-change.ts';
import { eventPattern } from '../../../local/template/event-pattern.ts';

const MACHINE = 'arn:aws:states:ap-northeast-2:000000000000:stateMachine:run';

const makeChange = (overrides: Partial<StatusChange> = {}): StatusChange => ({
  executionArn: 'arn:aws:states:ap-northeast-2:000000000000:execution:run:one',
  stateMachineArn: MACHINE,
  stateMachineVersionArn: null,
  stateMachineAliasArn: null,
  name: 'one',
  status: 'FAILED',
  startDate: Date.UTC(2026, 0, 1),
  stopDate: Date.UTC(2026, 0, 1, 0, 0, 5, 250),
  input: '{}',
  inputDetails: { included: true },
  output: null,
  outputDetails: null,
  redriveCount: 0,
  redriveDate: null,
  error: 'Broken',
  cause: 'by design',
  ...overrides,
});

const makeEvent = (overrides: Partial<StatusChange> = {}) =>
  statusChangeEvent(makeChange(overrides), { region: 'ap-northeast-2', account: '000000000000' });

describe('an event pattern', () => {
  it.each([
    [{ source: ['aws.states'] }, true],
    [{ source: ['aws.s3', 'aws.states'], detail: { status: ['FAILED'] } }, true],
    [{ source: ['aws.states'], detail: { status: ['SUCCEEDED'] } }, false],
    [{ detail: { stateMachineArn: [MACHINE], status: ['FAILED', 'TIMED_OUT'] } }, true],
    [{ detail: { stateMachineArn: [`${MACHINE}/Each`] } }, false],
    [{ resources: [{ prefix: 'arn:aws:states:' }] }, true],
    [{ detail: { name: [{ prefix: 'two' }] } }, false],
    [{ detail: { status: [{ 'anything-but': 'RUNNING' }] } }, true],
    [{ detail: { status: [{ 'anything-but': ['RUNNING', 'FAILED'] }] } }, false],
    [{ detail: { missing: [{ 'anything-but': 'x' }] } }, false],
    [{ detail: { output: [null], redriveCount: [0] } }, true],
    [{ detail: { redriveCount: ['0'] } }, false],
    [{ detail: { inputDetails: { included: [true] } } }, true],
    [{ detail: { output: { deeper: ['x'] } } }, false],
    [{ detail: { error: [{ exists: true }] } }, true],
    [{ detail: { missing: [{ exists: false }] } }, true],
    [{ detail: { missing: [{ exists: true }] } }, false],
    [{ detail: { missing: { deeper: [{ exists: false }] } } }, true],
  ])('%j: %s', (pattern, answer) => {
    expect(matches(eventPattern.parse(pattern), makeEvent())).toBe(answer);
  });

  it.each([
    [{ detail: { size: [{ numeric: ['<', 5] }] } }, 'detail.size: known are'],
    [{ detail: { name: [{ suffix: '-x' }] } }, 'detail.name: known are'],
    [{ detail: { name: [{ 'anything-but': { prefix: 'x' } }] } }, 'detail.name: known are'],
    [{ $or: [{ source: ['a'] }] }, '$or: known are'],
    [{ source: 'aws.states' }, 'source: must be a list'],
    [{ source: [] }, 'source: an empty list'],
  ])('%j is refused, naming the field', (pattern, message) => {
    expect(() => eventPattern.parse(pattern)).toThrow(message);
  });
});

describe('a rule', () => {
  const FUNCTION = 'arn:aws:lambda:ap-northeast-2:000000000000:function:work';
  const buses: EventBus[] = [];
  afterEach(async () => {
    for (const bus of buses.splice(0)) await bus.close();
  });

  const makeRule = (overrides: Partial<EventBusOptions['rules'][number]> = {}) => ({
    name: 'failures',
    enabled: true,
    pattern: eventPattern.parse({ detail: { status: ['FAILED'] } }),
    targets: [{ id: 'Target0', functionArn: FUNCTION, maximumRetryAttempts: 185 }],
    ...overrides,
  });

  function start(overrides: Partial<EventBusOptions> = {}) {
    const invokeFunction = vi.fn<EventBusOptions['invokeFunction']>(() => Promise.resolve());
    const lines: string[] = [];
    const bus = startEventBus({
      rules: [makeRule()],
      invokeFunction,
      log: (line) => lines.push(line),
      retryMilliseconds: [1, 1],
      ...overrides,
    });
    buses.push(bus);
    return { bus, invokeFunction, lines };
  }

  it('gives its functions the whole event, and only events that match', async () => {
    const { bus, invokeFunction } = start();
    const event = makeEvent();

    bus.put(makeEvent({ status: 'SUCCEEDED' }));
    bus.put(event);

    await vi.waitFor(() => expect(invokeFunction).toHaveBeenCalled());
    expect(invokeFunction.mock.calls).toEqual([[FUNCTION, JSON.stringify(event)]]);
    expect(event).toMatchObject({ time: '2026-01-01T00:00:05Z', account: '000000000000', version: '0' });
  });

  it('that is disabled gives nothing', () => {
    const { bus, invokeFunction } = start({ rules: [makeRule({ enabled: false })] });

    bus.put(makeEvent());

    expect(invokeFunction).not.toHaveBeenCalled();
  });

  it('tries a function again that did not take the event', async () => {
    const invokeFunction = vi.fn(() => Promise.resolve()).mockRejectedValueOnce(new Error('not yet'));
    const { bus, lines } = start({ invokeFunction });

    bus.put(makeEvent());

    await vi.waitFor(() => expect(invokeFunction).toHaveBeenCalledTimes(2));
    expect(lines).toEqual([]);
  });

  it.each([
    [185, 3],
    [1, 2],
    [0, 1],
  ])('with %i retries gives up after %i tries, and says so', async (maximumRetryAttempts, tries) => {
    const invokeFunction = vi.fn(() => Promise.reject(new Error('gone')));
    const target = { id: 'Target0', functionArn: FUNCTION, maximumRetryAttempts };
    const { bus, lines } = start({ invokeFunction, rules: [makeRule({ targets: [target] })] });

    bus.put(makeEvent());

    await vi.waitFor(() => expect(lines).toHaveLength(1));
    expect(invokeFunction).toHaveBeenCalledTimes(tries);
    expect(lines[0]).toMatch(/rule failures: its target Target0 .*gone/);
  });

  it('gives nothing more once the bus is closed', async () => {
    const invokeFunction = vi.fn(() => Promise.reject(new Error('gone')));
    const { bus } = start({ invokeFunction, retryMilliseconds: [20] });
    bus.put(makeEvent());

    await bus.close();
    bus.put(makeEvent());
    await new Promise((resolve) => setTimeout(resolve, 50));

    expect(invokeFunction).toHaveBeenCalledOnce();
  });
});
