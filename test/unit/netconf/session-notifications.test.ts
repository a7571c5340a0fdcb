import { expect } from 'chai';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BASE, freshSessions, NOTIFICATION, PLAY, isOk, MUSIC } from './session-fixture.ts';

describe('netconf session', () => {
  const sessions = freshSessions();
  const { open } = sessions;

  describe('notifications', () => {
    const record = (seq: number) => ({
      seq,
      time: Date.UTC(2026, 0, 31, 12),
      module: 'music',
      name: 'song',
      content: {},
    });
    // The session does not look at the subscription that a notification belongs to.
    const none = undefined as never;

    it('start after the reply to create-subscription', async () => {
      const client = open();
      client.channel.stalled = true;
      await client.pending();
      client.channel.release();
      client.send(
        `<rpc xmlns="${BASE}" message-id="1"><create-subscription xmlns="${NOTIFICATION}"><stream>NETCONF</stream><filter xmlns="${BASE}" type="subtree"/><startTime>2026-01-31T12:00:00.5+01:00</startTime></create-subscription></rpc>`,
      );
      expect(isOk(await client.reply())).to.equal(true);
      const [subscription] = sessions.agent.subscriptions;
      expect(subscription?.started).to.equal(true);
      expect(subscription?.request).to.include({ stream: 'NETCONF', startTime: Date.UTC(2026, 0, 31, 11, 0, 0, 500) });
      expect(subscription?.request.filter?.type).to.equal('subtree');
    });

    it('are in the envelope of RFC 5277, between replies', async () => {
      const client = open();
      await client.rpc(`<create-subscription xmlns="${NOTIFICATION}"/>`);
      sessions.agent.subscriptions[0]?.receiver.send(record(1), none);
      expect(await client.next()).to.equal(
        `<notification xmlns="${NOTIFICATION}"><eventTime>2026-01-31T12:00:00.000Z</eventTime><song xmlns="${MUSIC}"></song></notification>`,
      );
      expect(isOk(await client.rpc(PLAY))).to.equal(true);
      expect(sessions.agent.sessions.statistics.outNotifications).to.equal(1);
    });

    it('wait with the subscription while the client does not read, and hinder nobody else', async () => {
      const [slow, other] = [open(), open()];
      await slow.rpc(`<create-subscription xmlns="${NOTIFICATION}"/>`);
      const receiver = sessions.agent.subscriptions[0]?.receiver;
      slow.channel.stalled = true;
      let taken = 0;
      while (receiver?.send(record(taken), none) === true) taken += 1;
      expect(taken).to.be.within(10, 200);
      await nextTurn();
      expect(sessions.agent.calls).not.to.include('ready');
      expect(isOk(await other.rpc(PLAY))).to.equal(true);
      slow.channel.release();
      expect(await slow.pending()).to.have.length(taken + 1);
      expect(sessions.agent.calls.filter((call) => call === 'ready')).to.have.length(1);
    });

    it('are dropped quietly once the session is over', async () => {
      const client = open();
      await client.rpc(`<create-subscription xmlns="${NOTIFICATION}"/>`);
      client.channel.drop();
      await client.running;
      expect(sessions.agent.subscriptions[0]?.receiver.send(record(1), none)).to.equal(true);
      await nextTurn();
      expect(sessions.agent.sessions.statistics.outNotifications).to.equal(0);
    });

    it('that cannot be printed cost nothing but themselves', async () => {
      const client = open();
      await client.rpc(`<create-subscription xmlns="${NOTIFICATION}"/>`);
      sessions.agent.subscriptions[0]?.receiver.send({ ...record(1), name: 'unknown' }, none);
      sessions.agent.subscriptions[0]?.receiver.send(record(2), none);
      expect(await client.next()).to.contain('<song');
      expect(client.logged.map((line) => line['msg'])).to.include('a notification could not be printed');
    });
  });
});
