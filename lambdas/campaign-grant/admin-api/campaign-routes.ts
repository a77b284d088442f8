import { campaignOperations } from '../../../schema/admin-api/campaigns.ts';
import type { CampaignView } from '../../../schema/admin-api/campaigns.ts';
import type { Caller } from '../../shared/http/authenticate.ts';
import { HttpProblem } from '../../shared/http/problem.ts';
import { serve } from '../../shared/http/serve.ts';
import type { Route } from '../../shared/http/serve.ts';
import { readCampaigns } from '../app/read-campaigns.ts';
import { startCampaign } from '../app/start-campaign.ts';
import type { StartOutcome } from '../app/start-campaign.ts';
import { startRedrive } from '../app/start-redrive.ts';
import { stopCampaign } from '../app/stop-campaign.ts';
import type { CampaignRuns, CampaignStore, Clock, OperatorStore, RedriveRuns } from '../ports.ts';
import { campaignView, failureView } from './views.ts';

export interface CampaignRouteServices {
  readonly store: CampaignStore;
  readonly operator: OperatorStore;
  readonly runs: CampaignRuns;
  readonly redrives: RedriveRuns;
  readonly clock: Clock;
  readonly log: OperatorLog;
}

export interface OperatorLog {
  /** Somebody asked for something to be done, and this came of it. */
  asked(what: {
    readonly action: 'start' | 'resume' | 'stop' | 'redrive';
    readonly promotionId: string;
    readonly subject: string;
    readonly outcome: string;
  }): void;
}

/** The operators' HTTP API to campaigns: the same use cases as the CLI's. */
export function campaignRoutes(services: CampaignRouteServices): Route[] {
  const { store, operator, clock, log } = services;

  const viewOf = async (promotionId: string): Promise<CampaignView> => {
    const [found] = await readCampaigns({ operator, clock }, { promotionId });
    if (found === undefined) throw unknownCampaign(promotionId);
    return campaignView(found);
  };

  const begin = async (promotionId: string, action: 'start' | 'resume', caller: Caller | null) => {
    const outcome = await startCampaign(services, { promotionId, resume: action === 'resume' });
    log.asked({ action, promotionId, subject: subjectOf(caller), outcome: outcome.kind });
    const { kind, executionName } = begunOr(promotionId, outcome);
    return {
      status: 202,
      headers: { Location: `/api/v1/campaigns/${promotionId}` },
      body: { outcome: kind, executionName, campaign: begunView(await viewOf(promotionId)) },
    } as const;
  };

  return [
    serve(campaignOperations.list, async ({ query: { limit } }) => {
      const campaigns = await readCampaigns({ operator, clock }, { limit });
      return { status: 200, body: { campaigns: campaigns.map(campaignView) } };
    }),

    serve(campaignOperations.get, async ({ parameters: { promotionId } }) => ({
      status: 200,
      body: await viewOf(promotionId),
    })),

    serve(campaignOperations.start, ({ parameters: { promotionId }, caller }) =>
      begin(promotionId, 'start', caller),
    ),

    serve(campaignOperations.resume, ({ parameters: { promotionId }, caller }) =>
      begin(promotionId, 'resume', caller),
    ),

    serve(campaignOperations.stop, async ({ parameters: { promotionId }, body, caller }) => {
      const subject = subjectOf(caller);
      const outcome = await stopCampaign(services, { promotionId, reason: `${body.reason} (${subject})` });
      log.asked({ action: 'stop', promotionId, subject, outcome: outcome.kind });
      if (outcome.kind === 'unknown') throw unknownCampaign(promotionId);
      if (outcome.kind === 'refused') {
        throw wrongState(promotionId, outcome.status, 'there is nothing to stop');
      }
      return { status: 200, body: { outcome: outcome.kind, campaign: await viewOf(promotionId) } };
    }),

    serve(campaignOperations.redrive, async ({ parameters: { promotionId }, body, caller }) => {
      const outcome = await startRedrive(services, { promotionId, ...body });
      log.asked({ action: 'redrive', promotionId, subject: subjectOf(caller), outcome: outcome.kind });
      if (outcome.kind === 'unknown') throw unknownCampaign(promotionId);
      const { kind, executionName, causes } = outcome;
      const count = causes.reduce((sum, each) => sum + each.count, 0);
      const redrive = { outcome: kind, executionName, count, causes: [...causes] };
      return kind === 'nothing'
        ? { status: 200, body: redrive }
        : { status: 202, body: redrive, headers: { Location: `/api/v1/campaigns/${promotionId}` } };
    }),

    serve(
      campaignOperations.failures,
      async ({ parameters: { promotionId }, query: { after = '0', limit } }) => {
        const promotion = await store.findPromotion(promotionId);
        if (promotion === undefined) throw unknownCampaign(promotionId);
        const page = await operator.failures(promotion, { afterTargetId: after, limit });
        const last = page.length < limit ? undefined : page.at(-1);
        return {
          status: 200,
          body: { failures: page.map(failureView), nextAfter: last?.targetId ?? null },
        };
      },
    ),
  ];
}

function begunOr(
  promotionId: string,
  outcome: StartOutcome,
): Extract<StartOutcome, { readonly kind: 'started' | 'already' }> {
  if (outcome.kind === 'unknown') throw unknownCampaign(promotionId);
  if (outcome.kind === 'refused') throw wrongState(promotionId, outcome.status, outcome.why);
  return outcome;
}

/** An execution shows itself seconds after it was started. */
function begunView(campaign: CampaignView): CampaignView {
  if (campaign.phase !== 'ready' && campaign.phase !== 'reserved') return campaign;
  return { ...campaign, phase: 'waiting', why: 'its execution starts' };
}

function unknownCampaign(promotionId: string): HttpProblem {
  return new HttpProblem('unknown-campaign', `promotion ${promotionId} does not exist`);
}

function wrongState(promotionId: string, status: string, why: string): HttpProblem {
  return new HttpProblem('wrong-state', `promotion ${promotionId} is ${status}: ${why}`);
}

/** Operations on campaigns are never open, so there is somebody who asks. */
function subjectOf(caller: Caller | null): string {
  if (caller === null) throw new Error('an operation on campaigns was served without a token');
  return caller.subject;
}
