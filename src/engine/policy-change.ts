/** What follows for what is held already when the policy changes. */
import type { Draft } from './draft.ts';
import type { Policy } from './entities.ts';
import { checkMaintenance, followPlan } from './maintenance.ts';
import { moveNotices } from './notices.ts';
import { POLICY_ID } from './state.ts';
import { omit } from './omit.ts';
import { checkCapacity } from './validation.ts';
import type { Instant } from './window.ts';

export function putPolicy(draft: Draft, entry: Policy): void {
  const before = draft.head.policy;
  checkMaintenance(entry);
  const after = withSince(before, entry, draft.at.now);
  draft.put('policy', POLICY_ID, after);
  moveNotices(draft, before, after);
  followPlan(draft, before, after);
}

/** Notes since when each quota has been as it is. */
function withSince(before: Policy, after: Policy, now: Instant): Policy {
  const { quotas } = after;
  if (quotas === undefined) return after;
  const known = new Map(before.quotas?.map((quota) => [JSON.stringify(omit(quota, 'since')), quota.since]));
  return {
    ...after,
    quotas: quotas.map((quota) => {
      checkCapacity(quota.capacity);
      const rest = omit(quota, 'since');
      return { ...rest, since: known.get(JSON.stringify(rest)) ?? now };
    }),
  };
}
