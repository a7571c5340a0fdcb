import { expect } from 'chai';
import type { ServedAgent } from '../../src/netconf/operations/operation.ts';
import { parseXml } from '../../src/yang/xml.ts';
import type { YangContext } from '../../src/yang/yang-context.ts';
import { schema, START, StreamFixture } from '../unit/agent/stream-fixture.ts';
import { BASE, Client, errorsOf, FakeAgent, isOk, NOTIFICATION } from '../unit/netconf/session-fixture.ts';

const NETMOD = 'urn:ietf:params:xml:ns:netmod:notification';
const TEST = 'urn:example:agent-test';

/** What a client sees of a message: the name of an event, or `ok`. */
function seen(message: string): string {
  const element = parseXml(message);
  if (element.name !== 'notification') return isOk(element) ? 'ok' : (errorsOf(element)[0]?.tag ?? element.name);
  expect(element.namespace).to.equal(NOTIFICATION);
  const [time, event] = element.children;
  expect(time).to.include({ name: 'eventTime', namespace: NOTIFICATION });
  expect(time?.text).to.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
  if (event === undefined) throw new Error('a notification without an event');
  const ours = event.namespace === TEST ? event.children.map((child) => `${child.name}=${child.text}`).join() : '';
  return event.namespace === NETMOD ? event.name : `${event.name} ${ours}`.trim();
}

describe('RFC 5277: NETCONF event notifications', () => {
  let fixture: StreamFixture;
  let agent: ServedAgent;
  const clients: Client[] = [];

  function open(): Client {
    const client = new Client(agent);
    clients.push(client);
    return client;
  }

  /** Subscribes, and gives the messages that are there then: the reply, and what follows it. */
  async function subscribe(client: Client, parameters = ''): Promise<string[]> {
    client.send(
      `<rpc xmlns="${BASE}" message-id="1"><create-subscription xmlns="${NOTIFICATION}">${parameters}</create-subscription></rpc>`,
    );
    return news(client);
  }

  async function news(client: Client): Promise<string[]> {
    return (await client.pending()).filter((message) => !message.startsWith('<hello')).map(seen);
  }

  function time(offsetMs: number): string {
    return new Date(START + offsetMs).toISOString();
  }

  async function sale(...items: string[]): Promise<void> {
    await fixture.happens(...items.map((item) => ({ name: 'sale', content: { item } })));
  }

  beforeEach(() => {
    fixture = new StreamFixture();
    const { sessions, streams } = fixture;
    // Of the context, sessions with notifications alone need the schema.
    const yang = { schema, contentId: 'c' } as unknown as YangContext;
    agent = Object.assign(new FakeAgent(), { yang, sessions, streams });
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.channel.drop();
    await fixture.close();
  });

  it('delivers events from now on when there is no startTime', async () => {
    await sale('before');
    const client = open();
    expect(await subscribe(client)).to.deep.equal(['ok']);
    await sale('a');
    await sale('b');
    expect(await news(client)).to.deep.equal(['sale item=a', 'sale item=b']);
  });

  it('replays after the reply, says so once, and goes on live without gap or repetition', async () => {
    await sale(...Array.from({ length: 500 }, (_, index) => `r${index}`));
    fixture.clock.advance(1000);
    const client = open();
    const replayed = subscribe(client, `<startTime>${time(0)}</startTime>`);
    await sale('l0');
    await sale('l1');
    const messages = [...(await replayed), ...(await news(client))];
    const expected = Array.from({ length: 500 }, (_, index) => `sale item=r${index}`);
    expect(messages.filter((message) => message !== 'replayComplete')).to.deep.equal([
      'ok',
      ...expected,
      'sale item=l0',
      'sale item=l1',
    ]);
    expect(messages.filter((message) => message === 'replayComplete')).to.have.length(1);
    expect(messages.indexOf('replayComplete')).to.be.greaterThan(messages.indexOf('sale item=r499'));
  });

  it('replays from startTime only, and completes at a stopTime that has passed', async () => {
    await sale('early');
    fixture.clock.advance(60_000);
    await sale('in time');
    fixture.clock.advance(60_000);
    await sale('late');
    const client = open();
    const times = `<startTime>${time(30_000)}</startTime><stopTime>${time(90_000)}</stopTime>`;
    expect(await subscribe(client, times)).to.deep.equal([
      'ok',
      'sale item=in time',
      'replayComplete',
      'notificationComplete',
    ]);
    expect(await subscribe(client), 'the session may subscribe again').to.deep.equal(['ok']);
  });

  it('completes when a stopTime in the future comes', async () => {
    const client = open();
    const times = `<startTime>${time(0)}</startTime><stopTime>${time(60_000)}</stopTime>`;
    expect(await subscribe(client, times)).to.deep.equal(['ok', 'replayComplete']);
    await sale('a');
    fixture.clock.advance(60_001);
    expect(await news(client)).to.deep.equal(['sale item=a', 'notificationComplete']);
    await sale('b');
    expect(await news(client)).to.deep.equal([]);
  });

  const refused: readonly (readonly [
    what: string,
    parameters: () => string,
    tag: string,
    element: string | undefined,
  ])[] = [
    ['a stopTime without startTime', () => `<stopTime>${time(1)}</stopTime>`, 'missing-element', 'startTime'],
    ['a startTime in the future', () => `<startTime>${time(60_000)}</startTime>`, 'bad-element', 'startTime'],
    [
      'a stopTime before startTime',
      () => `<startTime>${time(-1000)}</startTime><stopTime>${time(-2000)}</stopTime>`,
      'bad-element',
      'stopTime',
    ],
    ['a startTime that is no time', () => '<startTime>noon</startTime>', 'bad-element', 'startTime'],
    ['an unknown stream', () => '<stream>nonsense</stream>', 'invalid-value', 'stream'],
    ['an unknown parameter', () => '<speed>9</speed>', 'unknown-element', 'speed'],
  ];
  for (const [what, parameters, tag, element] of refused) {
    it(`refuses ${what}`, async () => {
      const client = open();
      const reply = await client.rpc(
        `<create-subscription xmlns="${NOTIFICATION}">${parameters()}</create-subscription>`,
      );
      expect(errorsOf(reply)[0]).to.include({ tag });
      expect(errorsOf(reply)[0]?.info['bad-element']).to.equal(element);
      expect(await subscribe(client), 'the session may subscribe still').to.deep.equal(['ok']);
    });
  }

  it('refuses a second subscription of a session while the first is active', async () => {
    const client = open();
    await subscribe(client);
    expect(await subscribe(client)).to.deep.equal(['in-use']);
    expect(await subscribe(open()), 'another session may').to.deep.equal(['ok']);
  });

  it('delivers what a subtree filter selects', async () => {
    const client = open();
    await subscribe(client, `<filter type="subtree"><sale xmlns="${TEST}"><item>wanted</item></sale></filter>`);
    await sale('other');
    await sale('wanted');
    expect(await news(client)).to.deep.equal(['sale item=wanted']);
  });

  it('carries out other operations meanwhile (interleave)', async () => {
    const client = open();
    await subscribe(client);
    await sale('a');
    expect(seen(await client.next())).to.equal('sale item=a');
    expect((await client.rpc('<get/>')).children[0]?.name).to.equal('data');
    await sale('b');
    expect(seen(await client.next())).to.equal('sale item=b');
  });

  it('loses nothing for a client that reads slowly, and keeps little for it', async () => {
    const [slow, quick] = [open(), open()];
    await subscribe(slow);
    await subscribe(quick);
    slow.channel.stalled = true;
    for (let i = 0; i < 300; i += 10) await sale(...Array.from({ length: 10 }, (_, index) => String(i + index)));
    const expected = Array.from({ length: 300 }, (_, index) => `sale item=${index}`);
    const got: string[] = [];
    while (got.length < 300) got.push(seen(await quick.next()));
    expect(got).to.deep.equal(expected);
    slow.channel.release();
    const late: string[] = [];
    while (late.length < 300) late.push(seen(await slow.next()));
    expect(late).to.deep.equal(expected);
  });

  it('ends with the session, and another session still gets the event', async () => {
    const [leaving, staying] = [open(), open()];
    await subscribe(leaving);
    await subscribe(staying);
    expect(fixture.streams.subscriptions()).to.have.length(2);
    leaving.channel.drop();
    await leaving.running;
    expect(fixture.streams.subscriptions()).to.have.length(1);
    await sale('a');
    expect(await news(staying)).to.deep.equal(['sale item=a']);
  });
});
