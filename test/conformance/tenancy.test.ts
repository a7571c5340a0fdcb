/** What tenancy means to the forms of reading, caching, sessions and streams that one protocol alone has. */
import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { NetconfClient } from '../../src/cli/demo/netconf-client.ts';
import type { RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { AgentUnderTest, KEY, PASSWORD } from '../contract/agent-under-test.ts';

const DATA = '/restconf/data/opnfv-promise:promise';
const NAMESPACE = 'urn:opnfv:promise';
const MONITORING = 'urn:ietf:params:xml:ns:yang:ietf-netconf-monitoring';
const JSON_BODY = { 'Content-Type': 'application/yang-data+json' };

describe('tenancy over one protocol', function () {
  this.timeout(30_000);
  let agent: AgentUnderTest;
  let rita: RestconfClient;
  let ben: RestconfClient;
  let olga: RestconfClient;
  let own: string;
  let other: string;

  before(async () => {
    agent = await AgentUnderTest.start();
    for (const [name, tenant] of [['olga'], ['rita', 'red'], ['rob', 'red'], ['ben', 'blue']] as const) {
      await agent.system.users.add(name, {
        password: PASSWORD,
        key: KEY.public,
        ...(tenant === undefined ? {} : { tenant }),
      });
    }
    [rita, ben, olga] = ['rita', 'ben', 'olga'].map((username) => agent.restconf({ username })) as [
      RestconfClient,
      RestconfClient,
      RestconfClient,
    ];
    await call(olga, 'add-provider', { name: 'lab', 'provider-type': 'promise-simulator:simulated' });
    await call(olga, 'increase-capacity', { capacity: { cores: 40, ram: '65536', instances: 40 } });
    own = await reserve(rita);
    other = await reserve(ben);
  });
  after(() => agent.close());

  async function call(client: RestconfClient, rpc: string, input: object): Promise<string> {
    const path = `/restconf/operations/opnfv-promise:${rpc}`;
    const body = JSON.stringify({ 'opnfv-promise:input': input });
    const answer = await client.request({ method: 'POST', path, headers: JSON_BODY, body });
    expect(answer.status, answer.body).to.be.oneOf([200, 204]);
    return answer.body;
  }

  async function reserve(client: RestconfClient): Promise<string> {
    const text = await call(client, 'create-reservation', { capacity: { cores: 1 } });
    return /"reservation-id": "([^"]+)"/.exec(text)?.[1] ?? '';
  }

  const get = async (client: RestconfClient, path: string, headers: Readonly<Record<string, string>> = {}) =>
    await client.request({ method: 'GET', path, headers });

  describe('RESTCONF', () => {
    it('answers every form of read of what is not the tenant’s as of what does not exist', async () => {
      const nothing = '00000000-0000-7000-8000-000000000000';
      for (const form of [
        '',
        '?content=config',
        '?content=nonconfig',
        '?depth=1',
        '?fields=id',
        '?with-defaults=report-all',
        '/state',
        '/state/status',
        '/priority',
        '/claim',
      ]) {
        for (const method of ['GET', 'HEAD']) {
          const ask = async (id: string) => {
            const [path = '', query = ''] = form.split('?');
            const url = `${DATA}/reservations/reservation=${id}${path}${query === '' ? '' : `?${query}`}`;
            const { status, headers, body } = await rita.request({ method, path: url });
            // The identifiers differ in length, and the time goes on.
            const told = Object.entries(headers).filter(([name]) => name !== 'date' && name !== 'content-length');
            return { status, headers: told, body: body.replaceAll(id, 'ID') };
          };
          const missing = await ask(nothing);
          if (!form.startsWith('/claim')) expect(missing.status, form).to.equal(404);
          expect(await ask(other), `${method} ${form}`).to.deep.equal(missing);
        }
      }
    });

    it('gives no tag to a consumer that tells of what others changed, and no 304', async () => {
      for (const path of ['', '/reservations', `/reservations/reservation=${own}`, '/providers', '/policy']) {
        const answer = await get(rita, `${DATA}${path}?content=all`);
        expect(answer.headers, path).not.to.have.any.keys('etag', 'last-modified');
      }
      const policy = JSON.stringify({ 'opnfv-promise:policy': { reservation: { expiry: 40 } } });
      await olga.request({ method: 'PUT', path: `${DATA}/policy`, headers: JSON_BODY, body: policy });
      expect((await get(rita, `${DATA}/policy/reservation?content=config`)).headers).to.include.keys('etag');
      const tagged = await get(olga, `${DATA}?content=config`);
      expect(tagged.headers).to.include.keys('etag', 'last-modified');
      for (const header of [{ 'If-None-Match': tagged.headers['etag'] ?? '' }, { 'If-None-Match': '*' }]) {
        const missing = await get(rita, `${DATA}/reservations/reservation=${other}?content=config`, header);
        expect(missing.status).to.equal(404);
        expect((await get(olga, `${DATA}?content=config`, header)).status).to.equal(304);
        expect((await get(rita, `${DATA}?content=config`, header)).status).to.equal(200);
        // What does not exist has not been left unmodified, for operators either.
        const nothing = await get(olga, `${DATA}/reservations/reservation=nothing?content=config`, header);
        expect(nothing.status).to.equal(404);
      }
    });

    it('keeps caches from handing one user’s answer to another', async () => {
      for (const client of [rita, olga]) {
        const { headers } = await get(client, `${DATA}/reservations`);
        expect(headers).to.include({ 'cache-control': 'private, no-cache', vary: 'Accept, Authorization' });
      }
    });

    it('refuses consumers every method that changes data with 403, whatever is there', async () => {
      const entry = JSON.stringify({ 'opnfv-promise:reservation': [{ id: other, capacity: { cores: 2 } }] });
      for (const [method, path, body] of [
        ['PUT', `${DATA}/reservations/reservation=${other}`, entry],
        ['PATCH', `${DATA}/reservations/reservation=${other}`, entry],
        ['POST', `${DATA}/reservations`, entry],
        ['DELETE', `${DATA}/reservations/reservation=${other}`, undefined],
        ['DELETE', `${DATA}/reservations/reservation=nothing`, undefined],
        ['DELETE', `${DATA}/reservations/reservation=${own}`, undefined],
      ] as const) {
        const headers = { ...JSON_BODY, 'If-Match': '"0-never"' };
        const answer = await rita.request({ method, path, headers, ...(body === undefined ? {} : { body }) });
        expect(answer.status, `${method} ${path} ${answer.body}`).to.equal(403);
        expect(answer.body).to.include('access-denied').and.include('needs the role operator');
      }
    });

    it('streams to a consumer what is the tenant’s, with filters that see no more, and replays the same', async () => {
      const xpath = encodeURIComponent(`/opnfv-promise:reservation-event[opnfv-promise:tenant='blue']`);
      const begin = new Date(agent.clock.now()).toISOString();
      const accept = { Accept: 'text/event-stream' };
      const live = await rita.stream('/restconf/streams/NETCONF/json', accept);
      const hidden = await rita.stream(`/restconf/streams/promise/json?filter=${xpath}`, accept);
      const foreign = await reserve(ben);
      const session = await agent.netconf({ username: 'ben' });
      await session.close();
      const mine = await reserve(rita);
      await agent.arrived(live.events, ({ data }) => data.includes(mine) && data.includes('reservation-event'));
      const replay = await rita.stream(
        `/restconf/streams/NETCONF/json?start-time=${encodeURIComponent(begin)}`,
        accept,
      );
      const again = await rita.stream('/restconf/streams/NETCONF/json', { ...accept, 'Last-Event-ID': '0' });
      for (const stream of [replay, again]) {
        await agent.arrived(stream.events, ({ data }) => data.includes(mine) && data.includes('reservation-event'));
      }
      for (const stream of [live, replay, again]) {
        const told = stream.events.received.map(({ data }) => data).join('\n');
        expect(told).to.include('capacity-event').and.include(mine);
        expect(told).not.to.include(foreign);
        expect(told).not.to.include('netconf-session-start');
        expect(told).not.to.include('netconf-config-change');
      }
      expect(hidden.events.received).to.deep.equal([]);
      for (const stream of [live, hidden, replay, again]) stream.close();
    });

    it('does not show a consumer the subscriptions of others, nor how they could be ended', async () => {
      const path = '/restconf/operations/ietf-subscribed-notifications:establish-subscription';
      const body = JSON.stringify({ 'ietf-subscribed-notifications:input': { stream: 'promise' } });
      const made = await ben.request({ method: 'POST', path, headers: JSON_BODY, body });
      const id = /"id": (\d+)/.exec(made.body)?.[1] ?? '';
      const list = '/restconf/data/ietf-subscribed-notifications:subscriptions';
      expect((await get(ben, `${list}/subscription=${id}`)).status).to.equal(200);
      expect((await get(rita, `${list}/subscription=${id}`)).status).to.equal(404);
      expect((await get(olga, `${list}/subscription=${id}`)).status).to.equal(200);
      const accept = { Accept: 'text/event-stream' };
      const stolen = await get(rita, `/restconf/subscriptions/${id}`, accept);
      expect(stolen.status).to.equal(404);
      expect(stolen.body.replaceAll(id, 'ID')).to.equal(
        (await get(rita, '/restconf/subscriptions/99999', accept)).body.replaceAll('99999', 'ID'),
      );
    });
  });

  describe('NETCONF', () => {
    const open = async (username: string): Promise<NetconfClient> => await agent.netconf({ username });
    const send = async (client: NetconfClient, operation: string): Promise<string> =>
      (
        await client.exchange(
          '1',
          `<rpc xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="1">${operation}</rpc>`,
        )
      ).text;

    it('keeps every form of get and get-config to what is the tenant’s', async () => {
      const session = await open('rita');
      const p = `xmlns:p="${NAMESPACE}"`;
      const keyed = (id: string): string =>
        `<filter type="subtree"><promise xmlns="${NAMESPACE}"><reservations><reservation><id>${id}</id></reservation></reservations></promise></filter>`;
      const read = async (filter: string): Promise<string> => await send(session, `<get>${filter}</get>`);
      expect(await read(keyed(own))).to.include(`<id>${own}</id>`);
      expect(await read(keyed(other))).to.equal(await read(keyed('nothing')));
      for (const select of [
        `//p:reservation`,
        `/p:promise/p:reservations/p:reservation[p:id='${other}']`,
        `/p:promise[p:reservations/p:reservation/p:state/p:tenant='blue']/p:pools`,
        `/p:promise[count(p:reservations/p:reservation) > 2]`,
      ]) {
        const answer = await read(`<filter type="xpath" ${p} select="${select}"/>`);
        expect(answer, select).not.to.include(other).and.not.include('blue');
        if (!select.startsWith('//')) expect(answer, select).not.to.include('<promise');
      }
      const whole = await send(session, '<get/>');
      expect(whole).to.include(own).and.not.include(other);
      const config = await send(session, '<get-config><source><running/></source></get-config>');
      expect(config).not.to.include(other);
      await session.close();
    });

    it('shows a consumer the own sessions, and lets no other be killed', async () => {
      const [mine, sibling, foreign] = await Promise.all(['rita', 'rita', 'ben'].map(open));
      if (mine === undefined || sibling === undefined || foreign === undefined) throw new Error('three were opened');
      const state = await send(
        mine,
        `<get><filter type="subtree"><netconf-state xmlns="${MONITORING}"/></filter></get>`,
      );
      const shown = [...state.matchAll(/<session-id>(\d+)<\/session-id>/g)].map(([, id]) => id);
      expect(shown).to.have.members([mine.sessionId, sibling.sessionId]);
      const kill = async (id: string): Promise<string> =>
        (await send(mine, `<kill-session><session-id>${id}</session-id></kill-session>`)).replaceAll(id, 'ID');
      const nobody = await kill('4000000000');
      expect(nobody).to.include('access-denied').and.include('needs the role operator');
      expect(await kill(foreign.sessionId)).to.equal(nobody);
      expect(await kill(sibling.sessionId)).to.include('<ok/>');
      await sibling.closed();
      const operator = await open('olga');
      const killed = await send(operator, `<kill-session><session-id>${foreign.sessionId}</session-id></kill-session>`);
      expect(killed).to.include('<ok/>');
      await foreign.closed();
      await Promise.all([mine.close(), operator.close()]);
    });

    it('refuses a consumer locks and edits, also while another holds the lock, which it does not see', async () => {
      const [operator, consumer] = await Promise.all([open('olga'), open('rita')]);
      const lock = '<lock><target><running/></target></lock>';
      const free = await send(consumer, lock);
      expect(free).to.include('access-denied');
      expect(await send(operator, lock)).to.include('<ok/>');
      for (const operation of [
        lock,
        '<unlock><target><running/></target></unlock>',
        `<edit-config><target><running/></target><config><promise xmlns="${NAMESPACE}"><policy/></promise></config></edit-config>`,
      ]) {
        const refused = await send(consumer, operation);
        expect(refused).to.include('access-denied').and.not.include(operator.sessionId);
      }
      const locks = `<get><filter type="subtree"><netconf-state xmlns="${MONITORING}"><datastores/></netconf-state></filter></get>`;
      expect(await send(consumer, locks)).not.to.include('locked-by-session');
      expect(await send(operator, locks)).to.include('locked-by-session');
      await Promise.all([operator.close(), consumer.close()]);
    });

    it('refuses a user who was removed at the next request of a session that is open', async () => {
      await agent.system.users.add('gus', { password: PASSWORD, key: KEY.public });
      const session = await open('gus');
      const web = agent.restconf({ username: 'gus' });
      expect((await get(web, DATA)).status).to.equal(200);
      expect(await send(session, '<get/>')).to.include('<data>');
      await agent.system.users.remove('gus');
      // Whether a user is known is looked up once in a turn.
      await nextTurn();
      for (const operation of [
        '<get/>',
        '<lock><target><running/></target></lock>',
        `<query-reservation xmlns="${NAMESPACE}"/>`,
        '<create-subscription xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"/>',
      ]) {
        expect(await send(session, operation), operation)
          .to.include('access-denied')
          .and.include('not known any more');
      }
      expect((await get(web, DATA)).status).to.equal(401);
      await session.close();
    });
  });
});
