import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Context, LibyangError, loadLibyang } from 'libyang-wasm';
import type { Tree, ImportModule, Module, ModuleRequest, NotificationNode, RpcNode, SchemaNode } from 'libyang-wasm';

const directory = new URL('../../dist/yang/', import.meta.url);
const examples = new URL('./yang-examples/', import.meta.url);
const own = ['nfv-infrastructure', 'opnfv-promise', 'promise-simulator', 'promise-thresholds'];
const announced = [
  'reservation-service',
  'multi-provider',
  'offers',
  'flexible-window',
  'end-policy',
  'quotas',
  'explain',
  'over-commit',
];

const files = readdirSync(directory).filter((file) => file.endsWith('.yang'));
const nameOf = (file: string): string => file.replace(/(@.*)?\.yang$/, '');

const importModule: ImportModule = ({ module }) => {
  const file = files.find((candidate) => nameOf(candidate) === module);
  return file === undefined ? undefined : { text: readFileSync(new URL(file, directory), 'utf8'), format: 'yang' };
};

function contextOf(modules: readonly ModuleRequest[]): Context {
  return new Context(loadLibyang(), { modules, importModule });
}

type Node = SchemaNode | RpcNode | NotificationNode;

function childrenOf(node: Node): readonly SchemaNode[] {
  if (node.kind === 'choice') return node.cases;
  if (node.kind === 'rpc') return [...node.input.children, ...node.output.children];
  return 'children' in node ? node.children : [];
}

/** Every node of a module: data, RPCs with input and output, notifications. */
function* nodesOf(module: Module): Generator<Node> {
  const waiting: Node[] = [...module.data, ...module.rpcs, ...module.notifications];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    yield node;
    waiting.push(...childrenOf(node));
  }
}

function moduleOf(context: Context, name: string): Module {
  const found = context.schema().find((module) => module.name === name && module.implemented);
  if (found === undefined) throw new Error(`${name} is not in the context`);
  return found;
}

describe('the YANG modules', () => {
  const everything = files.map((file): ModuleRequest => ({ name: nameOf(file), features: '*' }));
  const served: readonly ModuleRequest[] = own.map((name) => ({
    name,
    features: name === 'opnfv-promise' ? announced : [],
  }));

  it('load with every feature and no warning', () => {
    expect(contextOf(everything).warnings).to.deep.equal([]);
  });

  it('load with the announced features and no warning', () => {
    const context = contextOf(served);
    expect(context.warnings).to.deep.equal([]);
    const enabled = moduleOf(context, 'opnfv-promise').features.filter((feature) => feature.enabled);
    expect(enabled.map((feature) => feature.name)).to.have.members(announced);
  });

  it('load one by one with no feature at all and no warning', () => {
    for (const file of files) expect(contextOf([{ name: nameOf(file) }]).warnings, file).to.deep.equal([]);
  });

  describe('of the project', () => {
    let context: Context;
    let promise: Module;
    let nodes: ReadonlyMap<string, Node>;
    before(() => {
      context = contextOf(everything);
      promise = moduleOf(context, 'opnfv-promise');
      nodes = new Map([...nodesOf(promise)].map((node) => [node.path, node]));
    });

    const pathEnd = (node: Node): string => node.path.slice(node.path.lastIndexOf('/') + 1);

    it('describe every node, feature and identity', () => {
      const silent = own
        .map((name) => moduleOf(context, name))
        .flatMap((module) => [...nodesOf(module), ...module.features, ...module.identities])
        // A shorthand case (RFC 7950 §7.9.2) has no statement that could carry a description.
        .filter((node) => !('kind' in node && node.kind === 'case'))
        .filter((node) => (node.description ?? '') === '')
        .map((node) => ('path' in node ? node.path : node.name));
      expect(silent).to.deep.equal([]);
    });

    it('give capacities no default', () => {
      const resources = new Set(
        'cores ram instances networks ports routers subnets addresses gigabytes snapshots volumes'.split(' '),
      );
      const capacities = [...nodes.values()].filter((node) => node.kind === 'leaf' && resources.has(pathEnd(node)));
      expect(capacities.length).to.be.greaterThan(200);
      expect(capacities.filter((node) => node.kind === 'leaf' && node.default !== undefined)).to.deep.equal([]);
    });

    it('hold a whole cloud in the capacity vector', () => {
      const largest = (leaf: string): string =>
        context.validateValue(`/opnfv-promise:promise/capacity/total/${leaf}`, '4294967295');
      expect(largest('cores')).to.equal('4294967295');
      const ram = context.validateValue('/opnfv-promise:promise/capacity/total/ram', '10485760000');
      expect(ram).to.equal('10485760000');
    });

    for (const [path, config] of [
      ['providers/provider', true],
      ['pools/pool', true],
      ['pools/pool/state', false],
      ['policy/reservation', true],
      ['reservations/reservation', true],
      ['reservations/reservation/state', false],
      ['allocations', false],
      ['allocations/allocation', false],
      ['offers', false],
      ['capacity', false],
    ] as const) {
      it(`have ${path} as ${config ? 'configuration' : 'state'}`, () => {
        const node = nodes.get(`/opnfv-promise:promise/${path}`);
        expect(node).to.have.property('config', config);
      });
    }

    it('keep the password from who is not explicitly permitted', () => {
      const password = nodes.get('/opnfv-promise:promise/providers/provider/password');
      expect(password?.extensions.map(({ module, name }) => `${module}:${name}`)).to.include(
        'ietf-netconf-acm:default-deny-all',
      );
    });

    it('number every notification', () => {
      const names = promise.notifications.map((notification) => notification.name);
      expect(names).to.have.members(['reservation-event', 'offer-event', 'capacity-event', 'allocation-event']);
      for (const { children } of promise.notifications) {
        expect(children.find((child) => child.name === 'seq')).to.include({ kind: 'leaf', mandatory: true });
      }
    });

    it('accept their examples, which cover every RPC and notification', () => {
      const covered = new Set<string>();
      for (const file of readdirSync(examples)) {
        const text = readFileSync(new URL(file, examples), 'utf8');
        const [name = '', kind] = file.split('.');
        covered.add(name);
        try {
          parseExample(context, text, name, kind).dispose();
        } catch (error) {
          throw new Error(`${fileURLToPath(new URL(file, examples))}: ${String(error)}`, { cause: error });
        }
      }
      const simulator = moduleOf(context, 'promise-simulator');
      const expected = [...promise.rpcs, ...simulator.rpcs, ...promise.notifications].map(({ name }) => name);
      expect([...covered]).to.include.members(expected);
    });

    it('say in words what a request lacks', () => {
      const refused = (rpc: string, body: object): string => {
        try {
          parseRpc(context, `opnfv-promise:${rpc}`, body);
        } catch (error) {
          if (error instanceof LibyangError) return error.message;
          throw error;
        }
        return 'accepted';
      };
      expect(refused('create-reservation', {})).to.match(/has to ask for something/);
      expect(refused('create-reservation', { capacity: { cores: 0 } })).to.match(/has to ask for something/);
      expect(refused('create-reservation', { capacity: { cores: 1 } })).to.equal('accepted');
      expect(
        refused('update-reservation', { 'reservation-id': 'r', clear: ['end'], end: '2027-01-01T00:00:00Z' }),
      ).to.match(/set and cleared/);
      expect(refused('update-reservation', { 'reservation-id': 'r', clear: ['end'] })).to.equal('accepted');
      expect(refused('query-capacity', { window: { scope: 'exclusive' } })).to.match(/needs a start, an end or both/);
      expect(refused('query-capacity', {})).to.equal('accepted');
      expect(refused('add-provider', { 'provider-type': 'openstack' })).to.match(
        /needs an endpoint, a username and a password/,
      );
      expect(refused('decrease-capacity', { source: 'p' })).to.match(/needs an amount/);
    });
  });
});

function parseRpc(context: Context, operation: string, body: unknown): void {
  context.parseRpc(JSON.stringify({ [operation]: body }), { format: 'json' }).dispose();
}

/** Examples are RESTCONF bodies: `module:input`, `module:output`, the notification, or data. */
function parseExample(context: Context, text: string, name: string, kind: string | undefined): Tree {
  // The member of the example's one object, e.g. `opnfv-promise:input`.
  const module = /^\s*\{\s*"([^:"]+):/.exec(text)?.[1] ?? '';
  const message = { format: 'json', envelope: 'restconf', path: `/${module}:${name}` } as const;
  switch (kind) {
    case 'input':
      return context.parseRpc(text, message);
    case 'output':
      return context.parseReply(text, message);
    case 'notification':
      return context.parseNotification(text, { format: 'json' });
    case 'data':
      return context.parseData(text, { format: 'json', noState: name === 'running' });
    default:
      throw new Error(`an example is an input, output, notification or data, not "${String(kind)}"`);
  }
}
