/** The checks against the Money API's ledger, which was read before the rows were. */
import { check, finding, findingIf } from './check.ts';
import type { Check, Severity } from './check.ts';
import { fromHundredths } from './exact-amount.ts';
import type { Evidence } from './judge-targets.ts';
import type { LedgerTally } from './ledger-tally.ts';
import type { Phase } from './phase.ts';

const MAY_BE_GRANTED = 'without a final result and in the ledger: may have been granted';

export function judgeLedger(evidence: Evidence, ledger: LedgerTally): Check[] {
  const { facts, phase, tally } = evidence;
  return [
    check(
      {
        name: 'ledger-grants',
        rule: 'every grant is in the ledger, to the same customer, of the same amount and voucher',
        invariants: [1, 7],
        figures: { granted: tally.granted, 'in the ledger': ledger.entries },
      },
      finding(whileItChanges(phase), ledger.missing, 'granted, and not in the ledger'),
      finding('violated', ledger.otherCustomer, 'granted to another customer'),
      finding('violated', ledger.otherAmount, 'granted with another amount'),
      finding('violated', ledger.otherVoucher, 'granted with another voucher number'),
      finding('violated', ledger.otherKind, 'granted as another kind of reward'),
    ),
    check(
      {
        name: 'ledger-once',
        rule: 'no target is in the ledger twice',
        invariants: [1],
        figures: { entries: ledger.entries },
      },
      finding('violated', ledger.twice, 'in the ledger more than once'),
    ),
    check(
      {
        name: 'ledger-nothing-else',
        rule: 'nothing is in the ledger that was not granted',
        invariants: [1, 2],
        figures: { entries: ledger.entries },
      },
      finding('violated', ledger.unknown, 'keys in the ledger of no target of this promotion'),
      finding('violated', ledger.rejectedButGranted, 'failed for good, and yet in the ledger'),
      finding(
        'warning',
        ledger.failedMayBeGranted,
        'failed for a passing cause and in the ledger: may have been granted, a redrive settles it',
      ),
      undecided(evidence, ledger),
    ),
    check(
      {
        name: 'ledger-sum',
        rule: 'the sums agree',
        invariants: [3],
        figures: {
          granted: fromHundredths(tally.grantedHundredths),
          ledger: fromHundredths(ledger.ledgerHundredths),
          ...(ledger.undecidedHundredths === 0n
            ? {}
            : { 'of which undecided': fromHundredths(ledger.undecidedHundredths) }),
        },
      },
      findingIf(
        ledger.ledgerHundredths - ledger.undecidedHundredths !== tally.grantedHundredths,
        whileItChanges(phase),
        `they differ by ${fromHundredths(ledger.ledgerHundredths - ledger.undecidedHundredths - tally.grantedHundredths)} (${facts.promotionType} grants of the ledger less ours)`,
      ),
    ),
  ];
}

/** A target that is not final may be in the ledger: the answer was lost, and the next try asks with the same key. */
function undecided({ facts, phase }: Evidence, { undecided: found }: LedgerTally) {
  if (facts.runs.count === 0) return finding('violated', found, 'in the ledger, and no run ever began');
  if (facts.status === 'COMPLETED' && phase === 'ended') {
    return finding('violated', found, 'without a final result and in the ledger, of a COMPLETED campaign');
  }
  if (phase === 'running') return finding('pending', found, `${MAY_BE_GRANTED}, which the run will tell`);
  return finding('warning', found, `${MAY_BE_GRANTED}, a resume settles it`);
}

/** What was granted after the ledger was read is not in it. */
function whileItChanges(phase: Phase): Severity {
  return phase === 'running' || phase === 'settling' ? 'pending' : 'violated';
}
