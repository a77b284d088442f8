import { simGrantQueue } from '../simulation/services/ports.ts';
import type { Delivery, FifoQueue } from '../simulation/services/fifo-queue.ts';
import { targetNamedIn } from '../simulation/services/message-body.ts';
import { calmWorld } from './calm-world.ts';
import type { QueueFixture, Received } from './queue-fixture.ts';

const MAX_RECEIVE_COUNT = 3;
const BATCH_SIZE = 10;

export function simulatedQueue(): Promise<QueueFixture> {
  let calm = calmWorld({ maxReceiveCount: MAX_RECEIVE_COUNT });
  const port = () => simGrantQueue(calm.world, calm.environment);
  const receive = (queue: FifoQueue) =>
    Promise.resolve(queue.receive(BATCH_SIZE, BATCH_SIZE, () => 0).map(received));

  return Promise.resolve({
    queue: {
      send: (grants) => calm.during(port().send(grants)),
      backlog: () => calm.during(port().backlog()),
      receive: (limit, hiddenSeconds) => calm.during(port().receive(limit, hiddenSeconds)),
      delete: (handles) => calm.during(port().delete(handles)),
      postpone: (handles, seconds) => calm.during(port().postpone(handles, seconds)),
    },
    visibilitySeconds: 360,
    maxReceiveCount: MAX_RECEIVE_COUNT,
    receive: () => receive(calm.world.queue),
    receiveDeadLetters: () => receive(calm.world.deadLetterQueue),
    remove: (receiptHandle) => {
      calm.world.queue.remove(receiptHandle);
      return Promise.resolve();
    },
    wait: (seconds) => calm.wait(seconds),
    renew: () => {
      calm = calmWorld({ maxReceiveCount: MAX_RECEIVE_COUNT });
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  });
}

function received({ body, groupId, receiptHandle, receiveCount }: Delivery): Received {
  return { targetId: targetNamedIn(body).split('-')[2] ?? '', groupId, receiptHandle, receiveCount };
}
