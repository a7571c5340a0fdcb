import type { Data } from '../yang/data.ts';
import type { InstancePath } from '../yang/instance-path.ts';
import type { DataSchemaNode, ListNode, NotificationNode, SchemaTree } from '../yang/schema-tree.ts';
import { learnReach } from './access.ts';
import type { Operation, ReachMap, ReadReach } from './access.ts';
import { isMarked } from './nacm/rules.ts';
import type { Consumer, OwnedEntries, OwnedList, OwnedNotification, Ownership } from './ownership.ts';

/**
 * What exists for a consumer: what is for all, and of what belongs to somebody what is his (`Ownership`). What is not his is to him as if it
 * did not exist, whatever he is permitted: rules of access control are about what is left.
 */
export class Tenancy {
  readonly #lists: ReadonlyMap<string, OwnedList>;
  readonly #entries: ReadonlyMap<string, OwnedEntries>;
  readonly #notifications: ReadonlyMap<string, OwnedNotification>;
  readonly #operatedModules: ReadonlySet<string>;
  readonly #reach: ReachMap;

  constructor(schema: SchemaTree, ownerships: readonly Ownership[]) {
    const lists = new Map(ownerships.flatMap((ownership) => ownership.lists.map((list) => [list.node, list])));
    this.#lists = lists;
    const entries = new Map(ownerships.flatMap((ownership) => ownership.entries.map((each) => [each.node, each])));
    this.#entries = entries;
    this.#notifications = new Map(
      ownerships.flatMap(({ notifications }) => notifications.map((notification) => [notification.name, notification])),
    );
    this.#operatedModules = new Set(ownerships.flatMap((ownership) => ownership.operatedModules));
    const operatorsOnly = new Set(ownerships.flatMap((ownership) => ownership.operatorsOnly));
    this.#reach = learnReach(
      schema,
      (node) => operatorsOnly.has(node.path),
      (node) => lists.has(node.path) || entries.has(node.path),
    );
  }

  reach(node: DataSchemaNode): ReadReach {
    return this.#reach.get(node) ?? 'all';
  }

  /** Of a list whose keys are known, by them. */
  keysFor(consumer: Consumer, list: ListNode): ReadonlySet<string> | undefined {
    return this.#lists.get(list.path)?.keysOf(consumer);
  }

  asksOfEntries(list: ListNode): boolean {
    return this.#entries.has(list.path);
  }

  existsFor(consumer: Consumer, node: DataSchemaNode, path: InstancePath): boolean {
    return this.reach(node) !== 'none' && (this.#entries.get(node.path)?.isFor(consumer, path) ?? true);
  }

  /** Whether a consumer could be permitted to edit what is at a path. */
  isEditable([top]: InstancePath): boolean {
    return top === undefined || !this.#operatedModules.has(top.module);
  }

  /** Whether a consumer could be permitted to use an operation. */
  isUsable({ module, extensions = [] }: Operation): boolean {
    return !this.#operatedModules.has(module) || !isMarked(extensions, 'default-deny-all');
  }

  shownTo(consumer: Consumer, { module, name }: NotificationNode, content: Data): Data | undefined {
    const owned = this.#notifications.get(`${module}:${name}`);
    return owned === undefined ? content : owned.shownTo(consumer, content);
  }
}
