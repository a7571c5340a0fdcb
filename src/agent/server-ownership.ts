/** Who owns what of the server's own: sessions and subscriptions belong to their users. */
import { entryKey } from '../yang/data.ts';
import type { Data } from '../yang/data.ts';
import type { Consumer, Ownership } from './ownership.ts';
import type { SessionRegistry } from './sessions.ts';
import type { Subscription } from './streams.ts';
import { SUBSCRIBED_NOTIFICATIONS } from './subscription-errors.ts';

const MONITORING = '/ietf-netconf-monitoring:netconf-state';
const BASE_NOTIFICATIONS = 'ietf-netconf-notifications';

/** @param subscriptions the open ones */
export function serverOwnership(
  sessions: Pick<SessionRegistry, 'list'>,
  subscriptions: () => readonly Subscription[],
): Ownership {
  return {
    lists: [
      {
        node: `${MONITORING}/sessions/session`,
        keysOf: ({ user }) => keys(sessions.list().filter((session) => session.user === user)),
      },
      {
        node: `/${SUBSCRIBED_NOTIFICATIONS}:subscriptions/subscription`,
        keysOf: ({ user }) => keys(subscriptions().filter(({ owner }) => owner.user === user)),
      },
    ],
    entries: [],
    notifications: [
      {
        name: `${BASE_NOTIFICATIONS}:netconf-session-start`,
        shownTo: (consumer, content) => own(consumer, content, content),
      },
      {
        name: `${BASE_NOTIFICATIONS}:netconf-session-end`,
        shownTo: (consumer, content) => own(consumer, content, content),
      },
      {
        name: `${BASE_NOTIFICATIONS}:netconf-config-change`,
        // The schema says that it is a container.
        shownTo: (consumer, content) => own(consumer, content['changed-by'] as Data | undefined, content),
      },
    ],
    // It names the session that holds the lock.
    operatorsOnly: [`${MONITORING}/datastores/datastore/locks`],
    operatedModules: [],
  };
}

function keys(entries: readonly { readonly id: number }[]): ReadonlySet<string> {
  return new Set(entries.map(({ id }) => entryKey([id])));
}

function own({ user }: Consumer, named: Data | undefined, content: Data): Data | undefined {
  return named?.['username'] === user ? content : undefined;
}
