import { expect } from 'chai';
import type { EventStream } from '../../src/cli/demo/restconf-client.ts';
import { setUpInfrastructure, type Infrastructure } from '../../src/cli/demo/infrastructure.ts';
import { RestconfConsumer } from '../../src/cli/demo/restconf-consumer.ts';
import { START } from '../contract/agent-under-test.ts';
import { errorOf, RestconfFixture } from './restconf-fixture.ts';

const STREAMS = '/restconf/data/ietf-restconf-monitoring:restconf-state/streams';
const JSON_STREAM = '/restconf/streams/promise/json';
const ESTABLISH = '/restconf/operations/ietf-subscribed-notifications:establish-subscription';
const DELETE = '/restconf/operations/ietf-subscribed-notifications:delete-subscription';

interface Stream {
  readonly name: string;
  readonly 'replay-support'?: boolean;
  readonly access: readonly { readonly encoding: string; readonly location: string }[];
}

/** A notification as it is in the data of an event. */
interface Notified {
  readonly 'ietf-restconf:notification': Readonly<Record<string, unknown>> & { readonly eventTime: string };
}

describe('RFC 8040 §6, RFC 8650: notifications', function () {
  this.timeout(20_000);
  let server: RestconfFixture;
  let vim: Infrastructure;
  let consumer: RestconfConsumer;

  before(async () => {
    server = await RestconfFixture.start();
    consumer = new RestconfConsumer(server.client, 'json');
    vim = await setUpInfrastructure(consumer, 'vim');
  });
  after(async () => server.close());

  /** Makes a reservation, which makes two events: one of it, one of the capacity. */
  async function reserve(name: string): Promise<void> {
    const input = { name, pools: [vim.pool], capacity: { cores: 1 } };
    await consumer.invoke('opnfv-promise:create-reservation', input);
  }

  /** The data of the first event that has all of these texts in it. */
  async function next({ events }: EventStream, ...texts: readonly string[]): Promise<{ id: string; data: string }> {
    const { id = '', data } = await server.agent.arrived(events, (event) =>
      texts.every((text) => event.data.includes(text)),
    );
    return { id, data };
  }

  it('§6.2: lists the streams, each with its locations', async () => {
    const { 'ietf-restconf-monitoring:streams': streams } = (await server.get(STREAMS)) as {
      'ietf-restconf-monitoring:streams': { stream: readonly Stream[] };
    };
    expect(streams.stream.map(({ name }) => name)).to.include.members(['NETCONF', 'promise']);
    for (const { access, ...stream } of streams.stream) {
      expect(stream['replay-support']).to.equal(true);
      expect(access.map(({ encoding }) => encoding)).to.have.members(['json', 'xml']);
      for (const { location } of access) {
        const opened = await server.client.stream(new URL(location).pathname);
        expect(opened.status, location).to.equal(200);
        opened.close();
      }
    }
  });

  it('§6.3, §6.4: sends an event as JSON, with the number of the event as its id', async () => {
    const stream = await server.client.stream(JSON_STREAM);
    expect(stream.headers['content-type']).to.equal('text/event-stream');
    await reserve('json');
    const { id, data } = await next(stream, '"json"');
    const { 'ietf-restconf:notification': notification } = JSON.parse(data) as Notified;
    expect(Date.parse(notification.eventTime)).to.equal(server.agent.clock.now());
    const event = notification['opnfv-promise:reservation-event'] as Readonly<Record<string, unknown>>;
    expect(event).to.deep.include({ cause: 'created', name: 'json', capacity: { cores: 1 } });
    expect(event['seq']).to.equal(id);
    stream.close();
  });

  it('§6.4: sends an event as XML', async () => {
    const stream = await server.client.stream('/restconf/streams/promise/xml');
    await reserve('xml');
    const { data } = await next(stream, '<name>xml</name>');
    expect(data).to.match(
      /^<notification xmlns="urn:ietf:params:xml:ns:netconf:notification:1\.0"><eventTime>[^<]+<\/eventTime><reservation-event xmlns="urn:opnfv:promise"><seq>/,
    );
    stream.close();
  });

  it('§4.8.4: sends only what the filter selects', async () => {
    const filter = encodeURIComponent("/opnfv-promise:reservation-event[opnfv-promise:name='wanted']");
    const stream = await server.client.stream(`${JSON_STREAM}?filter=${filter}`);
    await reserve('other');
    await reserve('wanted');
    await next(stream, '"wanted"');
    expect(stream.events.received).to.have.length(1);
    stream.close();
  });

  it('§4.8.7, §4.8.8: replays from start-time, and ends at stop-time', async () => {
    await reserve('replayed');
    const start = new Date(START).toISOString();
    await server.agent.reach(server.agent.clock.now() + 1000);
    const stop = new Date(server.agent.clock.now()).toISOString();
    const stream = await server.client.stream(`${JSON_STREAM}?start-time=${start}&stop-time=${stop}`);
    await next(stream, '"replayed"');
    await server.agent.until(() => Promise.resolve(stream.events.ended), 'the end of the stream');
    const [first] = stream.events.received;
    expect(first?.data, 'the first event of the log').to.contain('capacity-event');
    expect(stream.events.received.at(-1)?.data).to.contain('nc-notifications:notificationComplete');
  });

  it('goes on after Last-Event-ID: no gap, nothing twice', async () => {
    const before = await server.client.stream(JSON_STREAM);
    await reserve('seen');
    const { id } = await next(before, '"seen"');
    before.close();
    await reserve('missed');
    const after = await server.client.stream(JSON_STREAM, { 'Last-Event-ID': id });
    await reserve('live');
    await next(after, '"live"');
    const ids = after.events.received.flatMap((event) => (event.id === undefined ? [] : [Number(event.id)]));
    const expected = Array.from({ length: ids.length }, (_, index) => Number(id) + 1 + index);
    expect(ids).to.deep.equal(expected);
    expect(after.events.received.some(({ data }) => data.includes('"missed"'))).to.equal(true);
    after.close();
  });

  it('RFC 8650 §3.3: the answer to establish-subscription says where the notifications are', async () => {
    const answer = await server.json('POST', ESTABLISH, {
      'ietf-subscribed-notifications:input': {
        stream: 'promise',
        'stream-xpath-filter': "/opnfv-promise:reservation-event[opnfv-promise:name='subscribed']",
      },
    });
    expect(answer.status, answer.body).to.equal(200);
    const { 'ietf-subscribed-notifications:output': output } = JSON.parse(answer.body) as {
      'ietf-subscribed-notifications:output': { id: number; 'ietf-restconf-subscribed-notifications:uri': string };
    };
    expect(output.id).to.be.a('number');
    const uri = output['ietf-restconf-subscribed-notifications:uri'];
    const stream = await server.client.stream(uri);
    expect(stream.status).to.equal(200);
    await reserve('other');
    await reserve('subscribed');
    await next(stream, '"subscribed"');
    expect(stream.events.received.filter(({ data }) => data.includes('reservation-event'))).to.have.length(1);

    const second = await server.send('GET', uri, { Accept: 'text/event-stream' });
    expect(second.status, 'one receiver only').to.equal(409);
    expect(errorOf(second)).to.include({ 'error-tag': 'in-use' });

    const deleted = await server.json('POST', DELETE, { 'ietf-subscribed-notifications:input': { id: output.id } });
    expect(deleted.status).to.equal(204);
    await server.agent.until(() => Promise.resolve(stream.events.ended), 'the end of the stream');
    expect((await server.send('GET', uri, { Accept: 'text/event-stream' })).status).to.equal(404);
  });

  it('RFC 8639 §2.4.2: a subtree filter in JSON', async () => {
    const answer = await server.json('POST', ESTABLISH, {
      'ietf-subscribed-notifications:input': {
        stream: 'promise',
        'stream-subtree-filter': { 'opnfv-promise:reservation-event': { name: 'by subtree' } },
      },
    });
    expect(answer.status, answer.body).to.equal(200);
    const uri = /"(\/restconf\/subscriptions\/[0-9]+)"/.exec(answer.body)?.[1] ?? '';
    const stream = await server.client.stream(uri);
    await reserve('other');
    await reserve('by subtree');
    await next(stream, '"by subtree"');
    expect(stream.events.received.filter(({ data }) => data.includes('reservation-event'))).to.have.length(1);
    stream.close();
  });

  it('RFC 8639 §2.4.2: a subtree filter in XML', async () => {
    const answer = await server.xml(
      'POST',
      ESTABLISH,
      '<input xmlns="urn:ietf:params:xml:ns:yang:ietf-subscribed-notifications"><stream>promise</stream>' +
        '<stream-subtree-filter><reservation-event xmlns="urn:opnfv:promise"><name>by element</name></reservation-event></stream-subtree-filter></input>',
      { Accept: 'application/yang-data+xml' },
    );
    expect(answer.status, answer.body).to.equal(200);
    const uri = />(\/restconf\/subscriptions\/[0-9]+)</.exec(answer.body)?.[1] ?? '';
    const stream = await server.client.stream(uri);
    await reserve('other');
    await reserve('by element');
    await next(stream, '"by element"');
    expect(stream.events.received.filter(({ data }) => data.includes('reservation-event'))).to.have.length(1);
    stream.close();
  });
});
