/** The demo's members: what they used, and what earlier nights wrote of them. The same seed gives the same ones. */
import { drawsFor } from '../../stand-ins/random.ts';
import type { DemoDays } from './days.ts';
import type { Town } from './town.ts';

export interface Use {
  readonly storeId: number;
  /** yyyy-MM-dd HH:mm:ss.SSS, Asia/Seoul. */
  readonly usedAt: string;
}

/** A row that an earlier night wrote. */
export interface EarlierFavourite {
  readonly runDate: string;
  readonly dong: string;
  readonly hour: number;
}

export interface DemoMember {
  readonly memberId: number;
  readonly uses: readonly Use[];
  readonly earlier: readonly EarlierFavourite[];
}

export interface MemberSpec {
  readonly members: number;
  readonly seed: number;
  readonly days: DemoDays;
  readonly town: Town;
}

const FIRST_ID = 500_000;
const ID_STEP = 7;
/** The last one's: the highest that a JSON number says exactly. */
const HIGHEST_ID = Number.MAX_SAFE_INTEGER;
/** Of so many members each kind has one; the others are plain. */
const EACH = 40;

export function* demoMembers(spec: MemberSpec): Generator<DemoMember> {
  for (let index = 0; index < spec.members; index += 1) {
    const memberId = index === spec.members - 1 ? HIGHEST_ID : FIRST_ID + index * ID_STEP;
    const kind = KINDS[index % EACH] ?? plain;
    yield { memberId, earlier: [], ...kind(new Member(spec, index)) };
  }
}

type Kind = (member: Member) => Partial<DemoMember> & { readonly uses: readonly Use[] };

/** What a member is made of. */
class Member {
  readonly #spec: MemberSpec;
  readonly #index: number;
  readonly #draw: () => number;

  constructor(spec: MemberSpec, index: number) {
    this.#spec = spec;
    this.#index = index;
    this.#draw = drawsFor(spec.seed, `demo member ${index}`, 0);
  }

  get days(): DemoDays {
    return this.#spec.days;
  }

  /** From 0 up to below `below`. */
  upTo(below: number): number {
    return Math.floor(this.#draw() * below);
  }

  /** Three districts, by name. */
  dongs(): [string, string, string] {
    const { dongs } = this.#spec.town;
    const first = this.upTo(dongs.length);
    const [a = '', b = '', c = ''] = [0, 1, 2]
      .map((step) => dongs[(first + step) % dongs.length] ?? '')
      .toSorted();
    return [a, b, c];
  }

  storeIn(dong: string): number {
    const stores = this.#spec.town.storesOf.get(dong) ?? [];
    return stores[this.upTo(stores.length)] ?? 0;
  }

  unknownStore(): number {
    const { unknownStores } = this.#spec.town;
    return unknownStores[this.upTo(unknownStores.length)] ?? 0;
  }

  /** Two hours: of every other member the one that counts is the target hour, of the others the one that does not. */
  hours(): { counts: number; other: number } {
    const { targetHour } = this.days;
    const another = (targetHour + 1 + this.upTo(22)) % 24;
    return Math.floor(this.#index / EACH) % 2 === 0
      ? { counts: targetHour, other: another }
      : { counts: another, other: targetHour };
  }

  /** @param day of the window, the first is 0 */
  use(storeId: number, hour: number, day: number, time?: string): Use {
    const two = (value: number) => String(value).padStart(2, '0');
    const ms = String(this.upTo(1_000)).padStart(3, '0');
    const drawn = `${two(this.upTo(60))}:${two(this.upTo(60))}.${ms}`;
    return { storeId, usedAt: `${this.days.window[day] ?? ''} ${two(hour)}:${time ?? drawn}` };
  }

  /** So many uses in a district at an hour, a day each from `day` on. */
  uses(count: number, dong: string, hour: number, day: number): Use[] {
    return Array.from({ length: count }, (_, index) => this.use(this.storeIn(dong), hour, day + index));
  }
}

/** Mostly in one district, often at one hour. */
const plain: Kind = (member) => {
  const { targetHour } = member.days;
  const dongs = member.dongs();
  const usual = {
    dong: dongs[member.upTo(3)] ?? '',
    hour: member.upTo(10) < 4 ? targetHour : member.upTo(24),
  };
  const count = 5 + member.upTo(10);
  return {
    uses: Array.from({ length: count }, () => {
      const dong = member.upTo(10) < 7 ? usual.dong : (dongs[member.upTo(3)] ?? '');
      const hour = member.upTo(10) < 7 ? usual.hour : member.upTo(24);
      return member.use(member.storeIn(dong), hour, member.upTo(20));
    }),
  };
};

const KINDS: readonly Kind[] = [
  // Two hours of one district as often: the one that was used later.
  (member) => {
    const [dong] = member.dongs();
    const { counts, other } = member.hours();
    return { uses: [...member.uses(4, dong, counts, 11), ...member.uses(4, dong, other, 3)] };
  },
  // Two districts at one hour as often: the one that was used later, though the other one's name comes first.
  (member) => {
    const [first, , last] = member.dongs();
    const { counts } = member.hours();
    return { uses: [...member.uses(3, last, counts, 12), ...member.uses(3, first, counts, 2)] };
  },
  // As often, and last used in the same millisecond: the name decides.
  (member) => {
    const [first, second] = member.dongs();
    const { counts } = member.hours();
    const at = (dong: string, day: number) => member.use(member.storeIn(dong), counts, day, '30:00.500');
    const pairs = [4, 9, 17].flatMap((day) => [at(second, day), at(first, day)]);
    return { uses: pairs };
  },
  // As often and of the same millisecond but for the last one, which is one millisecond later.
  (member) => {
    const [first, second] = member.dongs();
    const { counts } = member.hours();
    const at = (dong: string, day: number, time: string) =>
      member.use(member.storeIn(dong), counts, day, time);
    return {
      uses: [
        ...[4, 9].flatMap((day) => [at(first, day, '30:00.500'), at(second, day, '30:00.500')]),
        at(second, 17, '30:00.501'),
        at(first, 17, '30:00.500'),
      ],
    };
  },
  // Two stores of one district together, against one store of another that is used more than either.
  (member) => {
    const [dong, other] = member.dongs();
    const { counts } = member.hours();
    const [store, storeOfOther] = [member.storeIn(dong), member.storeIn(other)];
    const neighbour = member.storeIn(dong);
    return {
      uses: [
        ...[1, 2, 3].map((day) => member.use(store, counts, day)),
        ...[4, 5, 6].map((day) => member.use(neighbour, counts, day)),
        ...[10, 11, 12, 13, 14].map((day) => member.use(storeOfOther, counts, day)),
      ],
    };
  },
  // One too few.
  (member) => ({ uses: member.uses(4, member.dongs()[0], member.hours().counts, 5) }),
  // Five only with those that are a millisecond before the window, and a millisecond after it.
  (member) => {
    const [dong] = member.dongs();
    const { beforeWindow, today, targetHour } = member.days;
    return {
      uses: [
        ...member.uses(4, dong, targetHour, 5),
        { storeId: member.storeIn(dong), usedAt: `${beforeWindow} 23:59:59.999` },
        { storeId: member.storeIn(dong), usedAt: `${today} 00:00:00.000` },
      ],
    };
  },
  // Five with the first and the last millisecond of the window.
  (member) => {
    const [dong] = member.dongs();
    const { window, targetHour } = member.days;
    return {
      uses: [
        ...member.uses(3, dong, targetHour, 5),
        { storeId: member.storeIn(dong), usedAt: `${window[0] ?? ''} 00:00:00.000` },
        { storeId: member.storeIn(dong), usedAt: `${window.at(-1) ?? ''} 23:59:59.999` },
      ],
    };
  },
  // Four in stores of a known district, and more in unknown ones.
  (member) => {
    const { counts } = member.hours();
    const unknown = [6, 7, 8].map((day) => member.use(member.unknownStore(), counts, day));
    return { uses: [...member.uses(4, member.dongs()[0], counts, 5), ...unknown] };
  },
  // Five that count, and more in unknown stores at another hour.
  (member) => {
    const { counts, other } = member.hours();
    const unknown = [1, 2, 3, 4, 5, 6, 7].map((day) => member.use(member.unknownStore(), other, day));
    return { uses: [...member.uses(5, member.dongs()[0], counts, 5), ...unknown] };
  },
  // Only unknown stores.
  (member) => ({
    uses: [1, 2, 3, 4, 5, 6].map((day) => member.use(member.unknownStore(), member.days.targetHour, day)),
  }),
  // Nothing in the window: the favourite of the night before counts.
  (member) => {
    const [dong] = member.dongs();
    const { dayBefore, tooEarly, targetHour } = member.days;
    const older = { runDate: tooEarly, dong, hour: (targetHour + 3) % 24 };
    return { uses: [], earlier: [{ runDate: dayBefore, dong, hour: targetHour }, older] };
  },
  // That of two nights before does not.
  (member) => {
    const { tooEarly, targetHour } = member.days;
    return { uses: [], earlier: [{ runDate: tooEarly, dong: member.dongs()[0], hour: targetHour }] };
  },
  // The newest counts, of another hour or of this one.
  (member) => {
    const [dong, other] = member.dongs();
    const { counts, other: before } = member.hours();
    return {
      uses: member.uses(6, dong, counts, 8),
      earlier: [{ runDate: member.days.dayBefore, dong: other, hour: before }],
    };
  },
  // An earlier run for the same date knew more uses: it is no favourite any more.
  (member) => {
    const [dong] = member.dongs();
    const { yesterday, targetHour } = member.days;
    return {
      uses: member.uses(3, dong, targetHour, 8),
      earlier: [{ runDate: yesterday, dong, hour: targetHour }],
    };
  },
  // An earlier run for the same date knew others: it is replaced.
  (member) => {
    const [dong, other] = member.dongs();
    const { counts, other: before } = member.hours();
    return {
      uses: member.uses(7, dong, counts, 8),
      earlier: [{ runDate: member.days.yesterday, dong: other, hour: before }],
    };
  },
  // A district of which nobody knows a store any more.
  (member) => {
    const { dayBefore, targetHour } = member.days;
    return { uses: [], earlier: [{ runDate: dayBefore, dong: '없어진동', hour: targetHour }] };
  },
];
