import { expect } from 'chai';
import { VimError } from '../../../../src/vim/vim.ts';
import type { CreateServer, Vim } from '../../../../src/vim/vim.ts';
import { OpenStackFixture, failureOf, signal } from './openstack-fixture.ts';
import { member, recorded } from './recorded.ts';
import type { Reply, Seen } from './recorded.ts';

const GROUPS = '/v2.1/os-server-groups';
const SERVERS = '/v2.1/servers';

describe("Nova's server groups", () => {
  let fixture: OpenStackFixture;
  let vim: Vim;
  /** What the cloud has, by name. */
  let groups: { id: string; name: string; policy: string; members: string[] }[];
  const request = (token: string, more: Partial<CreateServer> = {}): CreateServer => ({
    token,
    name: token,
    flavor: 'm1.tiny',
    image: 'cirros',
    networks: [],
    group: { token: 'r1/apart', policy: 'anti-affinity' },
    ...more,
  });
  let whenListed: () => void;
  const listed = (): Reply => {
    whenListed();
    return { status: 200, response: { server_groups: [...groups] } };
  };
  const made = ({ body }: Seen): Reply => {
    const sent = member(body, 'server_group') as { name: string; policy: string };
    const group = { id: `group-${groups.length + 1}`, members: [], ...sent };
    groups.push(group);
    return { status: recorded('nova-group-create').status, response: { server_group: group } };
  };
  /** The host and the group that were asked for, of each server. */
  const hints = (): unknown[][] =>
    fixture.cloud
      .asked('POST', SERVERS)
      .map(({ body }) => [
        member(body, 'server.host'),
        member(Reflect.get(Object(body) as object, 'os:scheduler_hints'), 'group'),
      ]);

  beforeEach(async () => {
    fixture = await OpenStackFixture.start();
    vim = fixture.connect();
    groups = [];
    whenListed = () => undefined;
    fixture.cloud.script('GET', GROUPS, ...Array.from({ length: 20 }, () => listed));
    fixture.cloud.script('POST', GROUPS, ...Array.from({ length: 20 }, () => made));
  });
  afterEach(() => fixture.close());

  it('are of no use where the account says on which host a server is to run', async () => {
    await vim.createServer(request('t1', { host: 'compute1' }), signal);
    expect(hints()).to.deep.equal([['compute1', undefined]]);
    expect(fixture.cloud.asked('GET', GROUPS)).to.deep.equal([]);
  });

  it('take the place of the host where the account may not say it, and from then on', async () => {
    fixture.cloud.script('POST', SERVERS, 'tenant-nova-create-host');
    await vim.createServer(request('t1', { host: 'compute1' }), signal);
    await vim.createServer(request('t2', { host: 'compute2' }), signal);
    expect(hints()).to.deep.equal([
      ['compute1', undefined],
      [undefined, 'group-1'],
      [undefined, 'group-1'],
    ]);
    const [post] = fixture.cloud.asked('POST', GROUPS);
    expect(member(post?.body, 'server_group.policy')).to.equal('anti-affinity');
    expect(member(post?.body, 'server_group.name')).to.match(/^promise-p-[0-9a-f]{32}$/);
    expect(post?.headers['openstack-api-version']).to.equal('compute 2.64');
  });

  it('are made once for servers that come together, and found again by a later start', async () => {
    await Promise.all(['t1', 't2', 't3'].map((token) => vim.createServer(request(token), signal)));
    expect(fixture.cloud.asked('POST', GROUPS)).to.have.length(1);
    await fixture.connect().createServer(request('t4'), signal);
    expect(fixture.cloud.asked('POST', GROUPS)).to.have.length(1);
    await vim.createServer(request('t5', { group: { token: 'r2/apart', policy: 'affinity' } }), signal);
    expect(groups.map(({ policy }) => policy)).to.deep.equal(['anti-affinity', 'affinity']);
  });

  it('are made for the others when the one that came first gives up', async () => {
    const first = new AbortController();
    // Before the answer goes out: what follows it cannot have begun.
    whenListed = () => first.abort();
    const given = vim.createServer(request('t1'), first.signal).catch((error: unknown) => error);
    const stay = vim.createServer(request('t2'), signal);
    expect(await given)
      .to.be.instanceOf(VimError)
      .and.include({ kind: 'aborted' });
    await stay;
    expect(fixture.cloud.asked('POST', GROUPS)).to.have.length(1);
    expect(hints()).to.deep.equal([[undefined, 'group-1']]);
  });

  it('are removed when nothing needs them, save those of others', async () => {
    for (const token of ['empty', 'used', 'wanted'])
      await vim.createServer(request(token, { group: { token, policy: 'affinity' } }), signal);
    const used = groups[1];
    used?.members.push('server-2');
    groups.push({ id: 'others', name: 'promise-q-0', policy: 'affinity', members: [] });
    // Servers that were on their way at the first time are in a list by the second.
    await vim.removeServerGroups(new Set(['wanted']), signal);
    await vim.removeServerGroups(new Set(['wanted']), signal);
    const removed = fixture.cloud.seen.filter(({ method, path }) => method === 'DELETE' && path.startsWith(GROUPS));
    expect(removed.map(({ path }) => path)).to.deep.equal([`${GROUPS}/group-1`]);
  });

  it('stay while a server is on its way that nobody knew of when the removal began', async () => {
    const removal = vim.removeServerGroups(new Set(), signal);
    await vim.createServer(request('t1'), signal);
    await removal;
    await vim.removeServerGroups(new Set(), signal);
    const removals = fixture.cloud.seen.filter(({ method, path }) => method === 'DELETE' && path.startsWith(GROUPS));
    expect(removals).to.deep.equal([]);
  });

  it('are not asked about while there are none', async () => {
    await vim.removeServerGroups(new Set(), signal);
    await vim.removeServerGroups(new Set(), signal);
    expect(fixture.cloud.asked('GET', GROUPS)).to.have.length(1);
  });

  it('that somebody else removed meanwhile are removed', async () => {
    groups.push({ id: 'g', name: 'promise-p-0', policy: 'affinity', members: [] });
    fixture.cloud.script('DELETE', `${GROUPS}/g`, 'nova-group-delete-gone');
    await vim.removeServerGroups(new Set(), signal);
    expect(fixture.cloud.asked('DELETE', `${GROUPS}/g`)).to.have.length(1);
  });

  it('are read as they were recorded', async () => {
    const [recording] = member(recorded('nova-groups').response, 'server_groups') as { id: string; name: string }[];
    expect(recording?.name, 'of somebody else').to.equal('promise-g1');
    fixture.cloud.script('GET', GROUPS, 'nova-groups');
    await vim.removeServerGroups(new Set(), signal);
    const removed = fixture.cloud.seen.filter(({ method, path }) => method === 'DELETE' && path.startsWith(GROUPS));
    expect(removed).to.deep.equal([]);
  });

  it('that cannot be made, or are gone, are a refusal with the word of Nova', async () => {
    fixture.cloud.script('POST', GROUPS, 'nova-group-bad-policy');
    expect((await failureOf(vim.createServer(request('t1'), signal), 'refused')).message).to.match(/Invalid input/);
    fixture.cloud.script('POST', GROUPS, made);
    fixture.cloud.script('POST', SERVERS, 'nova-create-bad-group');
    const error = await failureOf(vim.createServer(request('t2'), signal), 'refused');
    expect(error.message).to.match(/Instance group .* could not be found/);
  });
});
