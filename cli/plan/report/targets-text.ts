import { grouped } from '../../output/grouped.ts';
import type { CampaignTargets } from '../plan-campaign.ts';
import { section } from './section.ts';
import type { Row } from './section.ts';

export function targetLines(targets: CampaignTargets): string[] {
  const { byDefault, problems } = targets;
  const invalid = problems.reduce((sum, problem) => sum + problem.count, 0);
  const settled = targets.alreadyGranted + targets.alreadyFailed;
  return section('Targets', [
    ['total', grouped(targets.total)],
    [
      'already settled',
      `${grouped(settled)}: ${grouped(targets.alreadyGranted)} SUCCESS, ${grouped(targets.alreadyFailed)} FAILED`,
    ],
    ['to be paid', `${grouped(targets.toPay)}, together ${targets.amount}`],
    budgetRow(targets),
    [
      'by default',
      `${grouped(byDefault.amount)} amounts, ${grouped(byDefault.reason)} reasons, ${grouped(byDefault.expiry)} expiries`,
    ],
    [
      'with a problem',
      `${grouped(invalid)}${invalid === 0 ? '' : ', each of which will be FAILED'}`,
      ...problems.map(
        ({ reason, count, examples }) =>
          `- ${grouped(count)} ${reason}: ${examples.join(', ')}${examples.length < count ? ', …' : ''}`,
      ),
    ],
    ...voucherRows(targets),
    customerRow(targets),
  ]);
}

function budgetRow({ totalAmount, plannedAmount, isOverBudget }: CampaignTargets): Row {
  if (totalAmount === null) return ['total_amount', 'no limit was set'];
  const relation = isOverBudget ? 'IS LESS than' : 'covers';
  const refused = isOverBudget ? ': the campaign will be refused' : '';
  return ['total_amount', `${totalAmount} ${relation} the ${plannedAmount} of all targets${refused}`];
}

function voucherRows({ duplicateVouchers }: CampaignTargets): Row[] {
  if (duplicateVouchers === null) return [];
  const { numbers, targets, examples } = duplicateVouchers;
  if (numbers === 0) return [['voucher numbers', 'no two targets have the same']];
  const shown = examples.map((example) => `${example.voucherNumber} (${grouped(example.targets)} targets)`);
  const more = examples.length < numbers ? ', …' : '';
  return [
    [
      'voucher numbers',
      `${grouped(numbers)} ARE SHARED by ${grouped(targets)} targets: ${shown.join(', ')}${more}`,
      'each target is paid by its own key: whether a number may be used twice is for the Money API to say',
    ],
  ];
}

function customerRow({ busiestCustomer }: CampaignTargets): Row {
  if (busiestCustomer === null) return ['one customer', 'nobody is left to be paid'];
  const { customerUid, targets } = busiestCustomer;
  return [
    'one customer',
    targets === 1
      ? 'nobody has more than one target'
      : `${grouped(targets)} targets at most (customer ${customerUid}): they are paid one after the other`,
  ];
}
