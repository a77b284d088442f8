import type { SqsMessage } from './fauxqs.ts';
import { IndexedHeap, notInHeap } from './indexed-heap.ts';
import type { HeapItem } from './indexed-heap.ts';

/** A message of the queue. In a heap (HeapItem) only while it is delayed. */
export interface StoredMessage extends HeapItem {
  readonly message: SqsMessage;
  /** Position of arrival in the queue; a message that comes back takes its old place. */
  readonly order: number;
  /** The next message of its group. */
  next: StoredMessage | undefined;
  /** Receipt handles that ran out before the message was deleted. */
  expiredHandles: string[];
}

/** Messages of one group that wait to be received, oldest first, and how many of it are in flight. */
export interface MessageGroup extends HeapItem {
  readonly id: string;
  head: StoredMessage | undefined;
  tail: StoredMessage | undefined;
  inFlight: number;
}

/**
 * The visible messages of a queue. A group with messages in flight is blocked; the others are available, the one
 * with the oldest message first, which is how SQS scans a FIFO queue: a message that comes back for a retry does not
 * wait behind the whole backlog. Nothing here walks over all groups.
 */
export class MessageGroups {
  readonly #groups = new Map<string, MessageGroup>();
  readonly #available = new IndexedHeap<MessageGroup>(
    (a, b) => (a.head?.order ?? Infinity) < (b.head?.order ?? Infinity),
  );
  #visible = 0;

  /** Visible messages, those of blocked groups included, as SQS counts them. */
  get visible(): number {
    return this.#visible;
  }

  get hasAvailable(): boolean {
    return this.#available.size > 0;
  }

  /** Puts a message into its place in its group, by order of arrival. */
  add(groupId: string, stored: StoredMessage): void {
    const group = this.#groups.get(groupId) ?? this.#newGroup(groupId);
    // A new head changes the group's rank: it leaves the heap and settle() puts it back.
    if (group.heapIndex !== notInHeap && stored.order < (group.head?.order ?? Infinity)) {
      this.#available.remove(group);
    }
    link(group, stored);
    this.#visible++;
    this.settle(group);
  }

  /** The available group with the oldest message. It is the caller's until settled. */
  takeGroup(): MessageGroup | undefined {
    return this.#available.pop();
  }

  /** Takes the oldest message out of a group that takeGroup() gave. */
  takeFirst(group: MessageGroup): StoredMessage | undefined {
    const first = group.head;
    if (first === undefined) return undefined;
    group.head = first.next;
    if (group.head === undefined) group.tail = undefined;
    first.next = undefined;
    this.#visible--;
    return first;
  }

  /** Takes one visible message out of a group that holds no other. */
  withdraw(groupId: string, stored: StoredMessage): boolean {
    const group = this.#groups.get(groupId);
    if (group?.head !== stored || group.tail !== stored) return false;
    if (group.heapIndex !== notInHeap) this.#available.remove(group);
    this.takeFirst(group);
    this.settle(group);
    return true;
  }

  /** Makes the group available, or forgets it, as its messages and its in-flight count say. */
  settle(group: MessageGroup): void {
    if (group.inFlight > 0 || group.heapIndex !== notInHeap) return;
    if (group.head === undefined) this.#groups.delete(group.id);
    else this.#available.push(group);
  }

  clear(): void {
    this.#groups.clear();
    this.#available.clear();
    this.#visible = 0;
  }

  #newGroup(id: string): MessageGroup {
    const group: MessageGroup = { id, head: undefined, tail: undefined, inFlight: 0, heapIndex: notInHeap };
    this.#groups.set(id, group);
    return group;
  }
}

/** Arrivals go to the end at once; a message that comes back passes only the few that came back before it. */
function link(group: MessageGroup, stored: StoredMessage): void {
  if (group.tail === undefined || group.tail.order < stored.order) {
    if (group.tail === undefined) group.head = stored;
    else group.tail.next = stored;
    group.tail = stored;
    return;
  }
  let previous: StoredMessage | undefined;
  let following = group.head;
  while (following !== undefined && following.order < stored.order) {
    previous = following;
    following = following.next;
  }
  stored.next = following;
  if (previous === undefined) group.head = stored;
  else previous.next = stored;
}
