import { SqsError, SqsStore } from './fauxqs.ts';
import { LocalQueue } from './local-queue.ts';
import { newQueueAttributes, parseRedrivePolicy } from './queue-attributes.ts';

/**
 * The queues of one account in one region. fauxqs keeps its own behind private maps under an account of its own, so
 * everything that its HTTP layer calls is answered here. The name alone decides: whatever host, region and account an
 * URL or ARN shows, there is only this one.
 */
export class LocalQueueStore extends SqsStore {
  readonly #queues = new Map<string, LocalQueue>();
  readonly #account: { readonly region: string; readonly accountId: string };

  constructor(account: { readonly region: string; readonly accountId: string }) {
    super();
    this.#account = account;
    this.region = account.region;
  }

  override createQueue(
    name: string,
    url: string,
    _arn: string,
    attributes: Record<string, string> = {},
    tags?: Record<string, string>,
  ): LocalQueue {
    if (!/^[\w-]{1,80}$|^[\w-]{1,75}\.fifo$/.test(name)) {
      throw new SqsError('InvalidParameterValue', `${name} is no queue name`);
    }
    const { region, accountId } = this.#account;
    const arn = `arn:aws:sqs:${region}:${accountId}:${name}`;
    const queue = new LocalQueue(
      { name, url, arn },
      newQueueAttributes(name, attributes),
      tags === undefined ? {} : { tags },
    );
    this.#queues.set(name, queue);
    return queue;
  }

  override deleteQueue(url: string): boolean {
    const queue = this.getQueue(url);
    queue?.close();
    return queue !== undefined && this.#queues.delete(queue.name);
  }

  override buildQueueUrl(name: string, _port: string, requestHost: string): string {
    return `http://${requestHost}/${this.#account.accountId}/${name}`;
  }

  /** Every action looks its queue up here first, so it finds expired messages already back. */
  override getQueue(url: string): LocalQueue | undefined {
    const queue = this.#queues.get(url.slice(url.lastIndexOf('/') + 1));
    queue?.processTimers();
    return queue;
  }

  override getQueueByName(name: string): LocalQueue | undefined {
    return this.#queues.get(name);
  }

  override getQueueByArn(arn: string): LocalQueue | undefined {
    return this.#queues.get(arn.slice(arn.lastIndexOf(':') + 1));
  }

  override allQueues(): Iterable<LocalQueue> {
    return this.#queues.values();
  }

  override listQueues(
    prefix = '',
    maxResults = Infinity,
    after = '',
  ): { queues: LocalQueue[]; nextToken?: string } {
    const matching = [...this.#queues.values()]
      .filter(({ name }) => name.startsWith(prefix) && name > after)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const queues = matching.slice(0, maxResults);
    const last = queues.at(-1);
    return queues.length < matching.length && last !== undefined
      ? { queues, nextToken: last.name }
      : { queues };
  }

  override shutdown(): void {
    for (const queue of this.#queues.values()) queue.close();
  }

  /** @throws Error when a queue names a dead-letter queue that is not there or is of the other kind. */
  requireDeadLetterQueues(): void {
    for (const queue of this.#queues.values()) {
      const arn = parseRedrivePolicy(queue.attributes.RedrivePolicy)?.deadLetterTargetArn;
      if (arn === undefined) continue;
      const target = this.getQueueByArn(arn);
      if (target === undefined)
        throw new Error(`queue ${queue.name}: RedrivePolicy names ${arn}, which is not here`);
      if (target.isFifo() !== queue.isFifo()) {
        throw new Error(
          `queue ${queue.name}: RedrivePolicy: the dead-letter queue of a FIFO queue is FIFO too`,
        );
      }
    }
  }
}
