/** What follows for what is held already when the policy changes. */
import type { Draft } from './draft.ts';
import type { Policy } from './entities.ts';
import { moveNotices } from './notices.ts';
import { POLICY_ID } from './state.ts';

export function putPolicy(draft: Draft, after: Policy): void {
  const before = draft.head.policy;
  draft.put('policy', POLICY_ID, after);
  moveNotices(draft, before, after);
}
