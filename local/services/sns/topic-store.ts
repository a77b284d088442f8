import { SnsError, SnsStore, validateFilterPolicyLimits } from '../sqs/fauxqs.ts';
import type { LocalQueueStore } from '../sqs/local-queue-store.ts';

export interface TopicSettings {
  readonly arn: string;
  readonly name: string;
  readonly displayName?: string | undefined;
}

export interface SubscriptionSettings {
  readonly arn: string;
  readonly topicArn: string;
  readonly queueArn: string;
  readonly rawMessageDelivery: boolean;
  /** JSON of a filter policy on message attributes. */
  readonly filterPolicy?: string | undefined;
}

/**
 * The topics of one account. fauxqs makes ARNs of an account of its own, so topics and subscriptions are put in with
 * theirs; nothing adds to them later.
 *
 * Left out: the right Owner in lists of subscriptions (fauxqs writes its own account), and that a number in an
 * attribute of type String matches no numeric condition on AWS.
 */
export class LocalTopicStore extends SnsStore {
  readonly #accountId: string;

  constructor(accountId: string) {
    super();
    this.#accountId = accountId;
  }

  add({ arn, name, displayName = '' }: TopicSettings): void {
    const attributes = { Owner: this.#accountId, DisplayName: displayName };
    this.topics.set(arn, { arn, name, attributes, tags: new Map(), subscriptionArns: [] });
  }

  /**
   * Delivery passes over what it cannot deliver to, so that is looked for here.
   * @throws Error in one line that names the subscription
   */
  connect({ arn, queueArn, ...settings }: SubscriptionSettings, queues: LocalQueueStore): void {
    const { topicArn, rawMessageDelivery, filterPolicy } = settings;
    const refuse = (why: string): never => {
      throw new Error(`subscription ${arn}: ${why}`);
    };
    const topic = this.topics.get(topicArn) ?? refuse(`the topic ${topicArn} is not here`);
    const queue = queues.getQueueByArn(queueArn) ?? refuse(`the queue ${queueArn} is not here`);
    if (queue.isFifo()) refuse(`the FIFO queue ${queueArn} cannot subscribe to a standard topic`);
    try {
      if (filterPolicy !== undefined) validateFilterPolicyLimits(filterPolicy);
    } catch (error) {
      refuse(error instanceof Error ? error.message : String(error));
    }
    topic.subscriptionArns.push(arn);
    this.subscriptions.set(arn, {
      arn,
      topicArn,
      protocol: 'sqs',
      endpoint: queueArn,
      confirmed: true,
      attributes: {
        RawMessageDelivery: String(rawMessageDelivery),
        ...(filterPolicy === undefined
          ? {}
          : { FilterPolicy: filterPolicy, FilterPolicyScope: 'MessageAttributes' }),
      },
    });
  }

  /** fauxqs gives a topic that is not there an empty list. */
  override listSubscriptionsByTopic(
    topicArn: string,
    nextToken?: string,
  ): ReturnType<SnsStore['listSubscriptionsByTopic']> {
    if (!this.topics.has(topicArn)) throw new SnsError('NotFound', 'Topic does not exist', 404);
    return super.listSubscriptionsByTopic(topicArn, nextToken);
  }
}
