import { runInNewContext } from 'node:vm';
import { setFlagsFromString } from 'node:v8';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { StepFunctionsEngine } from '../../../local/services/step-functions/engine.ts';

const ROUNDS = 1000;
const machineArn = 'arn:aws:states:ap-northeast-2:000000000000:stateMachine:Turns';
const functionArn = (name: string) => `arn:aws:lambda:ap-northeast-2:000000000000:function:${name}`;

setFlagsFromString('--expose_gc');
const collectGarbage = z.custom<() => void>().parse(runInNewContext('gc'));

const engines: StepFunctionsEngine[] = [];
afterEach(() => {
  for (const engine of engines.splice(0)) engine.close();
});

const task = (name: string, Next: string) => ({
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke',
  Parameters: { FunctionName: functionArn(name), 'Payload.$': '$' },
  OutputPath: '$.Payload',
  Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 2, MaxAttempts: 1000 }],
  Next,
});
const untilDone = (again: string) => ({
  Type: 'Choice',
  Choices: [{ Variable: '$.done', BooleanEquals: true, Next: 'Done' }],
  Default: again,
});

/** Runs to the end, and tells how deep the stack was and how large the heap at each pass of the looping function. */
async function run(States: Record<string, object>, looping: string) {
  const passes: { frames: number; heap: number }[] = [];
  let round = 0;
  const engine = new StepFunctionsEngine({
    region: 'ap-northeast-2',
    accountId: '000000000000',
    machines: [{ name: 'Turns', arn: machineArn, definition: { StartAt: Object.keys(States)[0], States } }],
    invokeFunction: async (name) => {
      // As a real invocation, it comes back from outside.
      await new Promise((resolve) => setImmediate(resolve));
      if (name !== functionArn(looping)) return { done: false };
      round++;
      if (round % 250 === 0) {
        collectGarbage();
        passes.push({ frames: framesHere(), heap: process.memoryUsage().heapUsed });
      }
      return { done: round >= ROUNDS };
    },
  });
  engines.push(engine);
  const execution = engine.start({ stateMachineArn: machineArn });
  await execution.ended;
  return { execution, passes, events: execution.history.events.length };
}

/** Those of the calls that wait for this one included. */
function framesHere(): number {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = Infinity;
  const frames = new Error().stack?.split('\n').length ?? 0;
  Error.stackTraceLimit = before;
  return frames;
}

describe('a loop of a thousand rounds', () => {
  it.each([
    ['WaitForTurn', { WaitForTurn: task('WaitForTurn', 'HasTurn?'), 'HasTurn?': untilDone('WaitForTurn') }],
    [
      'Begin',
      {
        Begin: task('Begin', 'Work'),
        Work: {
          Type: 'Parallel',
          Branches: ['Publish', 'Track'].map((name) => ({
            StartAt: name,
            States: { [name]: { ...task(name, ''), Next: undefined, End: true } },
          })),
          ResultPath: null,
          Next: 'IsDone?',
        },
        'IsDone?': untilDone('Begin'),
      },
    ],
  ])('back to %s takes no stack, and no more memory than its history', async (looping, states) => {
    const { execution, passes, events } = await run({ ...states, Done: { Type: 'Succeed' } }, looping);

    expect(execution).toMatchObject({ status: 'SUCCEEDED', output: { done: true } });
    expect(new Set(passes.map(({ frames }) => frames)).size).toBe(1);
    const [first, last] = [passes.at(0), passes.at(-1)];
    const grown = (last?.heap ?? Infinity) - (first?.heap ?? 0);
    // AWS keeps the history too, and ends an execution at 25,000 events. Ours takes some 300 bytes for each.
    expect(grown / events).toBeLessThan(1000);
  });
});
