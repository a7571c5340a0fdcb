import { expect } from 'chai';
import fc from 'fast-check';
import type { Filter } from '../../../src/agent/requests.ts';
import { parseXml } from '../../../src/yang/xml.ts';
import { contextOf, errorOf, Recorder, settled, START, StreamFixture } from './stream-fixture.ts';

const SHOP = 'xmlns="urn:example:agent-test"';
const SN = 'ietf-subscribed-notifications';
const subtree = (content: string): Filter => ({ type: 'subtree', element: parseXml(`<filter>${content}</filter>`) });

describe('event streams', () => {
  let fixture: StreamFixture;
  let recorder: Recorder;
  beforeEach(() => {
    fixture = new StreamFixture({ mostBehind: 5, patience: 1000 });
    recorder = new Recorder();
  });
  afterEach(() => fixture.close());

  describe('live delivery', () => {
    it('sends nothing before start, and then what happened since the subscription', async () => {
      await fixture.happens({});
      const subscription = fixture.streams.subscribe(contextOf('ann'), {}, recorder);
      await fixture.happens({}, {});
      expect(recorder.seen).to.deep.equal([]);
      subscription.start();
      await settled();
      await fixture.happens({});
      expect(recorder.seen).to.deep.equal([2, 3, 4]);
      expect(subscription.sent).to.equal(3);
    });

    it('gives a stream only its own events, NETCONF all', async () => {
      const all = new Recorder();
      fixture.streams.subscribe(contextOf('ann'), { stream: 'shop' }, recorder).start();
      fixture.streams.subscribe(contextOf('ann'), {}, all).start();
      await fixture.happens({}, { module: 'nc-notifications', name: 'replayComplete' });
      expect(recorder.seen).to.deep.equal([1]);
      expect(all.seen).to.deep.equal([1, 2]);
    });

    it('leaves out events of modules that are not served any more', async () => {
      fixture.streams.subscribe(contextOf('ann'), {}, recorder).start();
      await fixture.happens({ module: 'long-gone', name: 'x' }, {});
      expect(recorder.seen).to.deep.equal([2]);
    });

    it('a receiver that throws, or ends another in its turn, costs the others nothing', async () => {
      const broken = new Recorder();
      broken.fails = true;
      const victim = new Recorder();
      const subscription = fixture.streams.subscribe(contextOf('ann'), {}, broken);
      subscription.start();
      const ended = fixture.streams.subscribe(contextOf('eve'), {}, victim);
      ended.start();
      const killer = new Recorder();
      killer.send = () => {
        ended.end();
        return true;
      };
      fixture.streams.subscribe(contextOf('mallory'), {}, killer).start();
      fixture.streams.subscribe(contextOf('bob'), {}, recorder).start();
      await fixture.happens({}, {});
      expect(broken.ended).to.deep.equal(['receiver-failed']);
      expect(victim.seen).to.deep.equal([1]);
      expect(victim.ended).to.deep.equal(['deleted']);
      expect(recorder.seen).to.deep.equal([1, 2]);
    });
  });

  describe('replay', () => {
    it('sends the log from startTime, then replayComplete once, then live: no gap, no duplicate', async () => {
      for (let n = 0; n < 450; n++) await fixture.happens({});
      fixture.clock.advance(10);
      for (let n = 0; n < 450; n++) await fixture.happens({});
      const subscription = fixture.streams.subscribe(contextOf('ann'), { startTime: START + 10 }, recorder);
      await fixture.happens({});
      subscription.start();
      await fixture.happens({});
      await settled();
      await fixture.happens({});
      const replayed = Array.from({ length: 450 }, (_, n) => n + 451);
      expect(recorder.seen).to.deep.equal([...replayed, 'replayComplete', 901, 902, 903]);
    });

    it('tells the end of an empty replay', async () => {
      fixture.streams.subscribe(contextOf('ann'), { startTime: START }, recorder).start();
      await settled();
      expect(recorder.seen).to.deep.equal(['replayComplete']);
    });

    it('goes on after an event of the log without replayComplete', async () => {
      await fixture.happens({}, {}, {});
      fixture.streams.subscribe(contextOf('ann'), { afterSeq: 1 }, recorder).start();
      await settled();
      expect(recorder.seen).to.deep.equal([2, 3]);
    });

    it('ends at stopTime with notificationComplete, after what happened until then', async () => {
      fixture.streams.subscribe(contextOf('ann'), { startTime: START, stopTime: START + 100 }, recorder).start();
      await settled();
      fixture.clock.advance(100);
      expect(recorder.seen).to.deep.equal(['replayComplete', 'notificationComplete']);
      expect(recorder.ended).to.deep.equal(['completed']);
      await fixture.happens({});
      expect(recorder.records).to.have.length(2);
    });

    it('with a stopTime in the past, leaves out what came later', async () => {
      await fixture.happens({});
      fixture.clock.advance(100);
      await fixture.happens({});
      fixture.streams.subscribe(contextOf('ann'), { startTime: START, stopTime: START + 50 }, recorder).start();
      await settled();
      expect(recorder.seen).to.deep.equal([1, 'replayComplete', 'notificationComplete']);
    });

    it('after a restart of the server replays what was before', async () => {
      await fixture.happens({});
      fixture.streams.close();
      const again = fixture.open();
      again.subscribe(contextOf('ann'), { startTime: START }, recorder).start();
      await fixture.happens({});
      await settled();
      expect(recorder.seen).to.deep.equal([1, 'replayComplete', 2]);
      again.close();
    });
  });

  describe('create-subscription rules (RFC 5277 §2.1.1)', () => {
    const refusals = [
      ['stopTime without startTime', { stopTime: START + 1 }, 'missing-element', 'startTime'],
      ['startTime in the future', { startTime: START + 1 }, 'bad-element', 'startTime'],
      ['stopTime before startTime', { startTime: START, stopTime: START - 1 }, 'bad-element', 'stopTime'],
      ['an unknown stream', { stream: 'nonesuch' }, 'invalid-value', 'stream'],
    ] as const;
    for (const [what, request, tag, element] of refusals) {
      it(`refuses ${what}`, () => {
        const { context } = fixture.session();
        const error = errorOf(() => fixture.streams.subscribe(context, request, recorder));
        expect(error.tag).to.equal(tag);
        expect(error.info?.badElement).to.equal(element);
      });
    }

    it('names times as parameters of a query for those who wrote them there (RFC 8040 §4.8.7)', () => {
      for (const [request, element] of [
        [{ startTime: START + 1 }, 'start-time'],
        [{ startTime: START, stopTime: START - 1 }, 'stop-time'],
      ] as const) {
        const error = errorOf(() => fixture.streams.subscribe(contextOf('ann'), request, recorder));
        expect(error.tag).to.equal('invalid-value');
        expect(error.info?.badElement).to.equal(element);
        expect(error.message).to.match(new RegExp(`^${element} `));
      }
    });

    it('refuses a second one on a session until the first has ended', () => {
      const { context } = fixture.session();
      const subscription = fixture.streams.subscribe(context, {}, recorder);
      expect(errorOf(() => fixture.streams.subscribe(context, {}, recorder)).tag).to.equal('in-use');
      fixture.streams.subscribe(fixture.session().context, {}, recorder);
      subscription.end();
      fixture.streams.subscribe(context, {}, recorder);
    });

    it('ends with its session', async () => {
      const { context, session } = fixture.session();
      fixture.streams.subscribe(context, {}, recorder).start();
      session.close('dropped');
      await fixture.happens({});
      expect(recorder.ended).to.deep.equal(['session-ended']);
      expect(recorder.seen).to.deep.equal([]);
      expect(fixture.streams.subscriptions()).to.deep.equal([]);
    });
  });

  describe('slow receivers', () => {
    it('get what they missed when they are ready, in order and once', async () => {
      recorder.takes = false;
      fixture.streams.subscribe(contextOf('ann'), {}, recorder).start();
      await fixture.happens({}, {}, {});
      expect(recorder.seen).to.deep.equal([1]);
      recorder.takes = true;
      recorder.ready();
      await settled();
      await fixture.happens({});
      expect(recorder.seen).to.deep.equal([1, 2, 3, 4]);
    });

    it('overflow: an RFC 8639 subscription is suspended, told of the gap, and goes on with the present', async () => {
      recorder.takes = false;
      const subscription = fixture.streams.establish(contextOf('ann'), {}, recorder);
      subscription.start();
      for (let n = 0; n < 10; n++) await fixture.happens({});
      expect(subscription.state).to.equal('suspended');
      recorder.takes = true;
      recorder.ready();
      await fixture.happens({});
      expect(recorder.seen).to.deep.equal([1, 'subscription-suspended', 'subscription-resumed', 11]);
      expect(recorder.records[1]?.content).to.deep.equal({ id: subscription.id, reason: `${SN}:unsupportable-volume` });
      expect(subscription.excluded).to.equal(9);
    });

    it('overflow: one that does not come back in time is terminated', async () => {
      recorder.takes = false;
      fixture.streams.establish(contextOf('ann'), {}, recorder).start();
      for (let n = 0; n < 10; n++) await fixture.happens({});
      fixture.clock.advance(1000);
      expect(recorder.records.at(-1)?.content).to.include({ reason: `${SN}:suspension-timeout` });
      expect(recorder.ended).to.deep.equal(['terminated']);
    });

    it('overflow: an RFC 5277 subscription ends, and others go on', async () => {
      const other = new Recorder();
      recorder.takes = false;
      fixture.streams.subscribe(contextOf('ann'), {}, recorder).start();
      fixture.streams.subscribe(contextOf('bob'), {}, other).start();
      for (let n = 0; n < 10; n++) await fixture.happens({});
      expect(recorder.ended).to.deep.equal(['receiver-failed']);
      expect(other.records).to.have.length(10);
    });

    it('that replay more than they may be behind get all of it, whatever happens meanwhile', async () => {
      for (let n = 0; n < 10; n++) await fixture.happens({});
      recorder.takes = false;
      fixture.streams.subscribe(contextOf('ann'), { startTime: START }, recorder).start();
      await fixture.happens({});
      expect(recorder.ended).to.deep.equal([]);
      recorder.takes = true;
      recorder.ready();
      await settled();
      expect(recorder.seen).to.deep.equal([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 'replayComplete', 11]);
    });

    it('whose log cannot be read lose their subscription, and nobody else anything', async () => {
      const other = new Recorder();
      fixture.streams.subscribe(contextOf('bob'), {}, other).start();
      recorder.takes = false;
      fixture.streams.subscribe(contextOf('ann'), {}, recorder).start();
      await fixture.happens({}, {});
      fixture.logFails = true;
      recorder.ready();
      await settled();
      expect(recorder.ended).to.deep.equal(['log-failed']);
      await fixture.happens({});
      expect(other.seen).to.deep.equal([1, 2, 3]);
    });

    it('that find the log aged past them overflow', async () => {
      recorder.takes = false;
      fixture.streams.establish(contextOf('ann'), {}, recorder).start();
      await fixture.happens({}, {}, {}, {});
      await fixture.age(1);
      recorder.takes = true;
      recorder.ready();
      await settled();
      expect(recorder.seen).to.deep.equal([1, 'subscription-suspended', 'subscription-resumed']);
    });
  });

  it('lose nothing and repeat nothing, whatever the receiver does when', async () => {
    const step = fc.constantFrom('event', 'events', 'busy', 'ready', 'turn', 'start');
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.boolean(), async (steps, replay) => {
        const own = new StreamFixture();
        const inbox = new Recorder();
        await own.happens({}, {});
        const subscription = own.streams.subscribe(contextOf('ann'), replay ? { startTime: START } : {}, inbox);
        for (const one of [...steps, 'start', 'ready', 'event']) {
          if (one === 'event') await own.happens({});
          if (one === 'events') await own.happens({}, {}, {});
          if (one === 'turn') await new Promise((resolve) => setImmediate(resolve));
          if (one === 'start') subscription.start();
          inbox.takes = one === 'ready' || (one !== 'busy' && inbox.takes);
          if (one === 'ready') inbox.ready();
        }
        await settled();
        const events = inbox.seen.filter((seen) => typeof seen === 'number');
        const first = replay ? 1 : 3;
        const last = await own.happens({ module: 'long-gone' });
        expect(events).to.deep.equal(Array.from({ length: last - first }, (_, n) => n + first));
        expect(inbox.seen.filter((seen) => seen === 'replayComplete')).to.have.length(replay ? 1 : 0);
        await own.close();
      }),
      { numRuns: 60, seed: 7 },
    );
  }).timeout(60_000);

  describe('subtree filters', () => {
    const sale = { item: 'apple', amount: 3, paint: 'agent-test:red', buyer: [{ name: 'Ann', city: 'Bonn' }] };
    const cases: readonly (readonly [string, string, boolean])[] = [
      ['the notification by name', `<sale ${SHOP}/>`, true],
      ['another notification', `<closing ${SHOP}/>`, false],
      ['one of several', `<closing ${SHOP}/><sale ${SHOP}/>`, true],
      ['no namespace, which is any', '<sale/>', true],
      ['another namespace', '<sale xmlns="urn:example:other"/>', false],
      ['a content match', `<sale ${SHOP}><item>apple</item></sale>`, true],
      ['a content match that fails', `<sale ${SHOP}><item>pear</item></sale>`, false],
      ['content matches that all must hold', `<sale ${SHOP}><item>apple</item><amount>4</amount></sale>`, false],
      ['a number in other spelling', `<sale ${SHOP}><amount> 03 </amount></sale>`, true],
      ['an identity with a prefix', `<sale ${SHOP} xmlns:p="urn:example:agent-test"><paint>p:red</paint></sale>`, true],
      ['another identity', `<sale ${SHOP}><paint>blue</paint></sale>`, false],
      ['a selection of what is there', `<sale ${SHOP}><amount/></sale>`, true],
      ['a list entry', `<sale ${SHOP}><buyer><city>Bonn</city></buyer></sale>`, true],
      ['no list entry', `<sale ${SHOP}><buyer><city>Rome</city></buyer></sale>`, false],
      ['an empty filter, which selects nothing', '', false],
    ];
    for (const [what, filter, passes] of cases) {
      it(`${passes ? 'pass' : 'stop'}: ${what}`, async () => {
        fixture.streams.subscribe(contextOf('ann'), { filter: subtree(filter) }, recorder).start();
        await fixture.happens({ content: sale });
        expect(recorder.seen).to.deep.equal(passes ? [1] : []);
      });
    }

    it('never prune what they let pass', async () => {
      fixture.streams
        .subscribe(contextOf('ann'), { filter: subtree(`<sale ${SHOP}><amount/></sale>`) }, recorder)
        .start();
      await fixture.happens({ content: sale });
      expect(recorder.records[0]?.content).to.deep.equal(sale);
    });
  });

  describe('RFC 8639 subscriptions', () => {
    it('are answered with increasing ids and replay with replay-completed', async () => {
      await fixture.happens({});
      const first = fixture.streams.establish(contextOf('ann'), { startTime: START }, recorder);
      const second = fixture.streams.establish(contextOf('ann'), {}, new Recorder());
      expect(second.id).to.be.greaterThan(first.id);
      first.start();
      await settled();
      expect(recorder.seen).to.deep.equal([1, 'replay-completed']);
      expect(recorder.records[1]?.content).to.deep.equal({ id: first.id });
    });

    it('replay what is past alone, for a receiver that is there or comes later', async () => {
      await fixture.happens({});
      fixture.clock.advance(1000);
      await fixture.happens({});
      const past = { startTime: START, stopTime: START + 500 };
      fixture.streams.establish(contextOf('ann'), past, recorder).start();
      const later = new Recorder();
      const { id } = fixture.streams.establish(contextOf('ann'), past);
      await settled();
      fixture.streams.attach(contextOf('ann'), id, later).start();
      await settled();
      for (const { seen, ended } of [recorder, later])
        expect([seen, ended]).to.deep.equal([[1, 'replay-completed'], ['completed']]);
    });

    it('change their filter and stop-time, telling the receiver in between', async () => {
      const { id } = begun(
        fixture.streams.establish(contextOf('ann'), { filter: subtree(`<sale ${SHOP}/>`) }, recorder),
      );
      await fixture.happens({ name: 'closing' }, {});
      fixture.streams.modify(contextOf('ann'), id, { filter: subtree(`<closing ${SHOP}/>`), stopTime: START + 500 });
      await fixture.happens({ name: 'closing' }, {});
      expect(recorder.seen).to.deep.equal([2, 'subscription-modified', 3]);
      expect(recorder.records[1]?.content).to.include({
        id,
        stream: 'NETCONF',
        'stop-time': '2026-11-01T00:00:00.500Z',
      });
      fixture.clock.advance(500);
      expect(recorder.ended).to.deep.equal(['completed']);
    });

    it('belong to who made them', () => {
      const { context } = fixture.session('ann');
      const { id } = fixture.streams.establish(context, {}, recorder);
      const attempts = [fixture.session('ann').context, fixture.session('eve').context, contextOf('ann')].flatMap(
        (other) => [
          () => fixture.streams.modify(other, id, {}),
          () => fixture.streams.delete(other, id),
          () => fixture.streams.attach(other, id, recorder),
        ],
      );
      for (const attempt of attempts) expect(errorOf(attempt).tag).to.equal('invalid-value');
      fixture.streams.delete(context, id);
      expect(recorder.ended).to.deep.equal(['deleted']);
    });

    it('can be killed by anybody; the receiver is told', () => {
      const { id } = begun(fixture.streams.establish(fixture.session('ann').context, {}, recorder));
      fixture.streams.kill(id);
      expect(recorder.seen).to.deep.equal(['subscription-terminated']);
      expect(recorder.records[0]?.content).to.deep.equal({ id, reason: `${SN}:no-such-subscription` });
      expect(recorder.ended).to.deep.equal(['terminated']);
      const error = errorOf(() => fixture.streams.kill(id));
      expect(error.appTag).to.equal(`${SN}:no-such-subscription`);
      expect(error.info?.structure).to.deep.equal({
        [`${SN}:delete-subscription-error-info`]: { reason: `${SN}:no-such-subscription` },
      });
    });

    it('refuse a filter that cannot be understood, and say why', () => {
      const filter = { type: 'xpath', expression: '/sale[', namespaces: {} } as const;
      const error = errorOf(() => fixture.streams.establish(contextOf('ann'), { filter }, recorder));
      expect(error.tag).to.equal('invalid-value');
      expect(error.appTag).to.equal(`${SN}:filter-unsupported`);
      expect(error.info?.structure).to.deep.equal({
        [`${SN}:establish-subscription-stream-error-info`]: {
          reason: `${SN}:filter-unsupported`,
          'filter-failure-hint': 'the expression ends too early',
        },
      });
    });

    it('wait for a receiver that comes by itself, for a while', async () => {
      const established = fixture.streams.establish(contextOf('ann'), {});
      await fixture.happens({});
      const attached = fixture.streams.attach(contextOf('ann'), established.id, recorder);
      expect(errorOf(() => fixture.streams.attach(contextOf('ann'), established.id, recorder)).tag).to.equal('in-use');
      attached.start();
      await settled();
      fixture.clock.advance(5000);
      await fixture.happens({});
      expect(recorder.seen).to.deep.equal([1, 2]);

      const lonely = fixture.streams.establish(contextOf('ann'), {});
      fixture.clock.advance(1000);
      expect(lonely.state).to.equal('ended');
    });

    it('refuse times that cannot be', () => {
      for (const [request, element] of [
        [{ startTime: START + 1 }, 'replay-start-time'],
        [{ stopTime: START }, 'stop-time'],
        [{ startTime: START, stopTime: START }, 'stop-time'],
      ] as const) {
        const error = errorOf(() => fixture.streams.establish(contextOf('ann'), request, recorder));
        expect([error.tag, error.info?.badElement]).to.deep.equal(['invalid-value', element]);
      }
    });
  });

  it('make no subscription for a client that has gone while it asked', () => {
    const { context, session } = fixture.session();
    session.close('dropped');
    const gone = { ...context, signal: AbortSignal.abort() };
    expect(errorOf(() => fixture.streams.subscribe(gone, {}, recorder)).tag).to.equal('operation-failed');
    expect(errorOf(() => fixture.streams.establish(gone, {}, recorder)).tag).to.equal('operation-failed');
    expect(fixture.streams.subscriptions()).to.deep.equal([]);
  });

  it('take no more subscriptions than they may', async () => {
    const small = fixture.open({ subscriptions: 1 });
    small.establish(contextOf('ann'), {}, recorder);
    expect(errorOf(() => small.establish(contextOf('ann'), {}, recorder)).appTag).to.equal(
      `${SN}:insufficient-resources`,
    );
    expect(errorOf(() => small.subscribe(contextOf('ann'), {}, recorder)).tag).to.equal('resource-denied');
    small.close();
    expect(recorder.ended).to.deep.equal(['shutdown']);
    await fixture.happens({});
  });
});

function begun<Started extends { start(): void }>(subscription: Started): Started {
  subscription.start();
  return subscription;
}
