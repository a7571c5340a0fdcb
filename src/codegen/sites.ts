/** The places of the schema that become types: each node with where it stands, choices and cases flattened. */
import type {
  ContainerNode,
  InOutNode,
  LeafListNode,
  LeafNode,
  ListNode,
  AnyNode,
  Module,
  NotificationNode,
  SchemaNode,
} from 'libyang-wasm';

/** What a node is part of; it decides which members are always there and how lists are held. */
export type Form = 'datastore' | 'input' | 'output' | 'notification';

type DataNode = ContainerNode | ListNode | LeafNode | LeafListNode | AnyNode;

/** Something that has members. */
export interface StructSite {
  readonly kind: 'struct';
  readonly path: string;
  readonly module: string;
  /** As it is named in the schema; of an input or output the name of the operation. */
  readonly name: string;
  readonly form: Form;
  /** Absent for the input and output of an operation and for a notification. */
  readonly node: ContainerNode | ListNode | undefined;
  readonly description: string | undefined;
  readonly parent: StructSite | undefined;
  readonly inChoice: boolean;
  readonly members: readonly MemberSite[];
}

export interface ValueSite {
  readonly kind: 'value';
  readonly path: string;
  readonly module: string;
  readonly name: string;
  readonly form: Form;
  readonly node: LeafNode | LeafListNode | AnyNode;
  readonly parent: StructSite | undefined;
  readonly inChoice: boolean;
}

export type MemberSite = StructSite | ValueSite;

interface Where {
  readonly form: Form;
  readonly parent: StructSite | undefined;
  readonly inChoice: boolean;
}

/** The sites of all modules, by schema path; an input's path ends in `/input`, an output's in `/output`. */
export function sitesOf(modules: readonly Module[]): ReadonlyMap<string, MemberSite> {
  const sites = new Map<string, MemberSite>();
  for (const module of modules) {
    for (const site of members(module.data, { form: 'datastore', parent: undefined, inChoice: false }))
      note(site, sites);
    for (const rpc of module.rpcs) {
      const half = (form: 'input' | 'output'): StructSite =>
        holder(rpc[form], { path: `${rpc.path}/${form}`, module: rpc.module, name: rpc.name, form }, rpc.description);
      note(half('input'), sites);
      note(half('output'), sites);
    }
    for (const notification of module.notifications) {
      const { path, module: owner, name, description } = notification;
      note(holder(notification, { path, module: owner, name, form: 'notification' }, description), sites);
    }
  }
  return sites;
}

function note(site: MemberSite, sites: Map<string, MemberSite>): void {
  sites.set(site.path, site);
  if (site.kind === 'struct') for (const member of site.members) note(member, sites);
}

function holder(
  holds: InOutNode | NotificationNode,
  identity: Pick<StructSite, 'path' | 'module' | 'name' | 'form'>,
  description: string | undefined,
): StructSite {
  const site = {
    kind: 'struct' as const,
    ...identity,
    node: undefined,
    description,
    parent: undefined,
    inChoice: false,
  };
  return withMembers(site, holds.children);
}

/** Members refer to their parent and the other way round, so they are put in last. */
function withMembers(site: Omit<StructSite, 'members'>, nodes: readonly SchemaNode[]): StructSite {
  const list: MemberSite[] = [];
  const complete: StructSite = { ...site, members: list };
  list.push(...members(nodes, { form: site.form, parent: complete, inChoice: false }));
  return complete;
}

function members(nodes: readonly SchemaNode[], where: Where): readonly MemberSite[] {
  return nodes.flatMap((node): readonly MemberSite[] => {
    if (node.kind === 'choice') return members(node.cases, { ...where, inChoice: true });
    if (node.kind === 'case') return members(node.children, where);
    return [member(node, where)];
  });
}

function member(node: DataNode, where: Where): MemberSite {
  const { path, module, name } = node;
  if (node.kind !== 'container' && node.kind !== 'list') return { kind: 'value', path, module, name, node, ...where };
  return withMembers(
    { kind: 'struct', path, module, name, node, description: node.description, ...where },
    node.children,
  );
}
