import { expect } from 'chai';
import fc from 'fast-check';
import { mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { BASE, type Client, freshSessions, NOTIFICATION, PLAY, clientHello, isOk, MUSIC } from './session-fixture.ts';

describe('netconf session', () => {
  const sessions = freshSessions();
  const { open } = sessions;

  describe('end', () => {
    const ways: readonly (readonly [
      what: string,
      reason: string,
      closing: string | undefined,
      act: (client: Client) => void,
    ])[] = [
      [
        'close-session',
        'closed',
        'end',
        (client) => client.send(`<rpc xmlns="${BASE}" message-id="1"><close-session/></rpc>`),
      ],
      ['the end of the stream', 'dropped', 'end', (client) => client.channel.finish()],
      ['a lost channel', 'dropped', undefined, (client) => client.channel.drop()],
      ['broken framing', 'other', 'end', (client) => client.channel.feed('\n#nonsense\n')],
      [
        'kill-session',
        'killed',
        'abort',
        (client) =>
          sessions.agent.sessions.get(client.session.id) && sessions.agent.sessions.kill(client.session.id, undefined),
      ],
      ['shutdown', 'other', 'end', (client) => client.session.shutdown()],
    ];
    for (const [what, reason, closing, act] of ways) {
      it(`releases everything once by ${what}`, async () => {
        const client = open();
        await client.rpc(PLAY);
        act(client);
        await client.running;
        act(client);
        client.channel.drop();
        await nextTurn();
        expect(sessions.agent.ends.map((end) => end.reason)).to.deep.equal([reason]);
        expect(sessions.agent.sessions.list()).to.deep.equal([]);
        expect(client.ended).to.equal(1);
        expect(client.channel.closing).to.equal(closing);
        expect(sessions.agent.contexts[0]?.signal.aborted).to.equal(true);
      });
    }

    it('says why broken framing ended it', async () => {
      const client = open();
      await client.rpc(PLAY);
      client.channel.feed('\n#nonsense\n');
      await client.running;
      expect(client.logged.at(-1)?.['why']).to.match(/broken message framing: expected a digit .* got "n"/);
    });

    it('answers close-session, and nothing after it', async () => {
      const client = open();
      client.send(
        `<rpc xmlns="${BASE}" message-id="1"><close-session/></rpc>`,
        `<rpc xmlns="${BASE}" message-id="2">${PLAY}</rpc>`,
      );
      expect(isOk(await client.reply())).to.equal(true);
      await client.running;
      expect(sessions.agent.calls).to.deep.equal([]);
    });

    it('answers what came before the end of the stream', async () => {
      const client = open();
      client.send(`<rpc xmlns="${BASE}" message-id="1">${PLAY}</rpc>`);
      client.channel.finish();
      expect(isOk(await client.reply())).to.equal(true);
      await client.running;
      expect(client.channel.closing).to.equal('end');
    });

    it('kills another session, even in the middle of its operation', async () => {
      const [victim, killer] = [open(), open()];
      let signal: AbortSignal | undefined;
      sessions.agent.play = (context) =>
        new Promise((_resolve, reject) => {
          signal = context.signal;
          signal.addEventListener('abort', () => reject(new Error('aborted')));
        });
      victim.send(`<rpc xmlns="${BASE}" message-id="1">${PLAY}</rpc>`);
      while (signal === undefined) await nextTurn();
      expect(isOk(await killer.rpc('<kill-session><session-id>1</session-id></kill-session>'))).to.equal(true);
      await victim.running;
      expect(sessions.agent.ends).to.have.length(1);
      expect(sessions.agent.ends[0]).to.include({ reason: 'killed', killedBy: 2 });
      expect(victim.channel.closing).to.equal('abort');
      expect(isOk(await killer.rpc(`<stop xmlns="${MUSIC}"/>`))).to.equal(true);
    });

    it('ends an idle session, but not one with a subscription', async () => {
      mock.timers.enable({ apis: ['setTimeout'] });
      try {
        const idle = open({ limits: { idleTimeoutMs: 30 } });
        const listening = open({ limits: { idleTimeoutMs: 30 } });
        await idle.rpc(PLAY);
        await listening.rpc(`<create-subscription xmlns="${NOTIFICATION}"/>`);
        mock.timers.tick(29);
        expect(sessions.agent.ends).to.deep.equal([]);
        mock.timers.tick(1);
        await idle.running;
        expect(sessions.agent.ends.map((end) => [end.session.id, end.reason])).to.deep.equal([[1, 'timeout']]);
        mock.timers.tick(1_000);
        expect(sessions.agent.sessions.list().map((session) => session.id)).to.deep.equal([2]);
        sessions.agent.subscriptions[0]?.receiver.closed('completed');
        mock.timers.tick(30);
        await listening.running;
        expect(sessions.agent.ends).to.have.length(2);
      } finally {
        mock.timers.reset();
      }
    });

    it('never rejects, whatever bytes come', async () => {
      const framings = ['chunked', 'end-of-message'] as const;
      const piece = fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.constantFrom(
          ...[
            '\n#5\n<rpc>',
            '\n##\n',
            ']]>]]>',
            `<rpc xmlns="${BASE}" message-id="1">`,
            PLAY,
            '</rpc>',
            clientHello('chunked'),
          ].map((text) => Buffer.from(text)),
        ),
      );
      await fc.assert(
        fc.asyncProperty(
          fc.boolean(),
          fc.constantFrom(...framings),
          fc.array(piece, { maxLength: 12 }),
          async (hello, framing, pieces) => {
            const client = open({ framing, hello });
            for (const bytes of pieces) client.channel.feed(bytes);
            client.channel.finish();
            await client.running;
            expect(client.ended).to.equal(1);
            expect(client.logged.filter((line) => Number(line['level']) >= 50)).to.deep.equal([]);
          },
        ),
        { numRuns: 200 },
      );
      expect(sessions.agent.sessions.list()).to.deep.equal([]);
    });
  });
});
