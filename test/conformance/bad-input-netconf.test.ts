import { expect } from 'chai';
import { once } from 'node:events';
import ssh2, { type ClientChannel } from 'ssh2';
import { readError, type AnswerError } from '../../src/cli/demo/consumer.ts';
import { all, leaf, namespaceOf } from '../../src/cli/demo/content.ts';
import type { NetconfClient } from '../../src/cli/demo/netconf-client.ts';
import { AgentUnderTest, KEY, PASSWORD, START, USER } from '../contract/agent-under-test.ts';
import { makeSshKeyPair } from '../../src/ssh-key-pair.ts';

const BASE = namespaceOf('ietf-netconf');
const NOTIFICATION = 'urn:ietf:params:xml:ns:netconf:notification:1.0';
const MONITORING = namespaceOf('ietf-netconf-monitoring');
const SUBSCRIBED = namespaceOf('ietf-subscribed-notifications');
const MESSAGE_BYTES = 256 * 1024;

/** A message that is wrong, and what the server has to say to it. */
interface Case {
  readonly title: string;
  /** The operation; or the whole message, if `id` is given. */
  readonly send: string;
  /** The message-id of the reply; '' for none. */
  readonly id?: string;
  readonly tag: string;
  readonly type?: string;
  readonly appTag?: string;
  readonly path?: string;
  readonly message: RegExp;
  /** Children of error-info. */
  readonly info?: Readonly<Record<string, string>>;
}

const hours = (count: number): string => new Date(START + count * 3_600_000).toISOString();
const promise = (name: string, children: string): string => `<${name} xmlns="urn:opnfv:promise">${children}</${name}>`;
const create = (children: string): string => promise('create-reservation', children);
const edit = (config: string, more = ''): string =>
  `<edit-config xmlns:nc="${BASE}"><target><running/></target>${more}<config>${config}</config></edit-config>`;
const reservation = (children: string, attributes = ''): string =>
  `<promise xmlns="urn:opnfv:promise"><reservations><reservation${attributes}>${children}</reservation></reservations></promise>`;
const subscribed = (name: string, children: string): string => `<${name} xmlns="${SUBSCRIBED}">${children}</${name}>`;

const MESSAGES: readonly Case[] = [
  {
    title: 'a message without a message-id',
    send: `<rpc xmlns="${BASE}"><get/></rpc>`,
    id: '',
    tag: 'missing-attribute',
    type: 'rpc',
    message: /message-id/,
    info: { 'bad-attribute': 'message-id', 'bad-element': 'rpc' },
  },
  {
    title: 'a message that is not well-formed',
    send: `<rpc xmlns="${BASE}" message-id="m"><get></rpc>`,
    id: 'm',
    tag: 'malformed-message',
    type: 'rpc',
    message: /XML at line 1/,
  },
  {
    title: 'a message with a document type',
    send: `<!DOCTYPE rpc [<!ENTITY a "b">]><rpc xmlns="${BASE}" message-id="d"><get/></rpc>`,
    id: 'd',
    tag: 'malformed-message',
    type: 'rpc',
    message: /DOCTYPE|document type/i,
  },
  {
    title: 'a message in no namespace',
    send: '<rpc message-id="n"><get/></rpc>',
    id: 'n',
    tag: 'unknown-namespace',
    type: 'rpc',
    message: /urn:ietf:params:xml:ns:netconf:base:1\.0/,
  },
  {
    title: 'a second hello',
    send: `<hello xmlns="${BASE}"><capabilities/></hello>`,
    id: '',
    tag: 'malformed-message',
    message: /rpc/,
  },
  {
    title: 'a message without an operation',
    send: `<rpc xmlns="${BASE}" message-id="o"/>`,
    id: 'o',
    tag: 'malformed-message',
    message: /no operation/,
  },
  {
    title: 'two operations in one message',
    send: `<rpc xmlns="${BASE}" message-id="t"><get/><get/></rpc>`,
    id: 't',
    tag: 'malformed-message',
    message: /more than one/,
  },
  {
    title: 'a message beyond the limit',
    send: `<rpc xmlns="${BASE}" message-id="big"><get><!--${'x'.repeat(MESSAGE_BYTES)}--></get></rpc>`,
    id: 'big',
    tag: 'too-big',
    message: new RegExp(String(MESSAGE_BYTES)),
  },
  {
    title: 'elements nested a thousand deep',
    send: `<rpc xmlns="${BASE}" message-id="deep">${'<a>'.repeat(1000)}${'</a>'.repeat(1000)}</rpc>`,
    id: 'deep',
    tag: 'too-big',
    message: /256/,
  },
  {
    title: 'an operation of an unknown namespace',
    send: '<reboot xmlns="urn:example:other"/>',
    tag: 'unknown-namespace',
    message: /urn:example:other/,
    info: { 'bad-element': 'reboot', 'bad-namespace': 'urn:example:other' },
  },
  {
    title: 'an operation that the module does not have',
    send: promise('create-everything', ''),
    tag: 'unknown-element',
    message: /create-everything/,
    info: { 'bad-element': 'create-everything' },
  },
  {
    title: 'an operation in no namespace',
    send: '<create-reservation xmlns=""/>',
    tag: 'unknown-namespace',
    message: /namespace/,
  },
];

const VALUES: readonly Case[] = [
  {
    title: 'nothing of a mandatory choice in an entry of a list',
    send: create('<container><name>c</name><count>1</count></container>'),
    tag: 'data-missing',
    appTag: 'missing-choice',
    path: "/promise:create-reservation/promise:container[promise:name='c']",
    message: /"size", which is mandatory: give "flavor", or "explicit"\.$/,
    info: { 'missing-choice': 'size' },
  },
  {
    title: 'nothing of a mandatory choice',
    send: promise('create-instance', '<name>vm</name><flavor>small</flavor>'),
    tag: 'data-missing',
    appTag: 'missing-choice',
    path: '/promise:create-instance',
    message:
      /^\/opnfv-promise:create-instance has nothing of the choice "root-disk", which is mandatory: give "image", or "boot-volume"\.$/,
    info: { 'missing-choice': 'root-disk' },
  },
  {
    title: 'a word for a number',
    send: create('<capacity><cores>five</cores></capacity>'),
    tag: 'invalid-value',
    path: '/promise:create-reservation/promise:capacity/promise:cores',
    message: /five.*uint32\)\.$/,
  },
  {
    title: 'a negative number',
    send: create('<capacity><cores>-1</cores></capacity>'),
    tag: 'invalid-value',
    path: '/promise:create-reservation/promise:capacity/promise:cores',
    message: /-1/,
  },
  {
    title: 'a number beyond the type',
    send: create('<capacity><cores>4294967296</cores></capacity>'),
    tag: 'invalid-value',
    path: '/promise:create-reservation/promise:capacity/promise:cores',
    message: /4294967295/,
  },
  {
    title: 'a number of a thousand digits',
    send: create(`<capacity><ram>${'9'.repeat(1000)}</ram></capacity>`),
    tag: 'invalid-value',
    path: '/promise:create-reservation/promise:capacity/promise:ram',
    message: /99999.* from 0 to 1099511627776 /,
  },
  {
    title: 'more memory than is counted exactly',
    send: create('<capacity><ram>9007199254740993</ram></capacity>'),
    tag: 'invalid-value',
    path: '/promise:create-reservation/promise:capacity/promise:ram',
    message: /"9007199254740993".* from 0 to 1099511627776 /,
  },
  {
    title: 'an element that the model does not have',
    send: create('<capacity><corez>5</corez></capacity>'),
    tag: 'unknown-element',
    path: '/promise:create-reservation/promise:capacity',
    message: /^There is no node "corez" in \/opnfv-promise:create-reservation\/capacity\. It has cores,/,
    info: { 'bad-element': 'corez' },
  },
  {
    title: 'an element of an unknown namespace',
    send: create('<capacity><cores>1</cores></capacity><name xmlns="urn:example:other">x</name>'),
    tag: 'unknown-namespace',
    path: '/promise:create-reservation',
    message: /urn:example:other/,
    info: { 'bad-element': 'name', 'bad-namespace': 'urn:example:other' },
  },
  {
    title: 'text in a container',
    send: create('<capacity>five</capacity>'),
    tag: 'invalid-value',
    path: '/promise:create-reservation/promise:capacity',
    message: /five|text/,
  },
  {
    title: 'one leaf twice',
    send: create('<capacity><cores>1</cores><cores>2</cores></capacity>'),
    tag: 'bad-element',
    path: '/promise:create-reservation/promise:capacity/promise:cores',
    message: /twice|once/,
  },
  {
    title: 'a value that is no date',
    send: create('<start>tomorrow</start><capacity><cores>1</cores></capacity>'),
    tag: 'invalid-value',
    path: '/promise:create-reservation/promise:start',
    message: /tomorrow/,
  },
  {
    title: 'an end before the start',
    send: create(`<start>${hours(2)}</start><end>${hours(1)}</end><capacity><cores>1</cores></capacity>`),
    tag: 'invalid-value',
    path: '/promise:create-reservation/promise:end',
    message: /not after the start/,
  },
  {
    title: 'a request for nothing',
    send: create(''),
    tag: 'operation-failed',
    path: '/promise:create-reservation',
    message: /a resource in capacity above zero, a container or an element/,
  },
  {
    title: 'a word that is not of the enumeration',
    send: create('<priority>urgent</priority><capacity><cores>1</cores></capacity>'),
    tag: 'invalid-value',
    path: '/promise:create-reservation/promise:priority',
    message: /high.*normal.*low/s,
  },
  {
    title: 'no identifier',
    send: promise('cancel-reservation', ''),
    tag: 'missing-element',
    path: '/promise:cancel-reservation',
    message: /reservation-id/,
    info: { 'bad-element': 'reservation-id' },
  },
  {
    title: 'a reservation that there is not',
    send: promise('cancel-reservation', '<reservation-id>nobody</reservation-id>'),
    tag: 'invalid-value',
    path: '/promise:cancel-reservation/promise:reservation-id',
    message: /nobody/,
  },
  {
    title: 'an instance that there is not',
    send: promise('destroy-instance', '<instance-id>nobody</instance-id>'),
    tag: 'invalid-value',
    path: '/promise:destroy-instance/promise:instance-id',
    message: /nobody/,
  },
  {
    title: 'an identity whose prefix is not declared',
    send: promise('add-provider', '<provider-type>sim:simulated</provider-type>'),
    tag: 'invalid-value',
    path: '/promise:add-provider/promise:provider-type',
    message: /sim.* in XML with a prefix declared for its module's namespace\.$/,
  },
];

const EDITS: readonly Case[] = [
  {
    title: 'an edit without a target',
    send: `<edit-config><config/></edit-config>`,
    tag: 'missing-element',
    message: /target/,
    info: { 'bad-element': 'target' },
  },
  {
    title: 'an edit of a datastore that there is not',
    send: '<edit-config><target><candidate/></target><config/></edit-config>',
    tag: 'operation-not-supported',
    message: /candidate|running/,
  },
  {
    title: 'an edit without content',
    send: '<edit-config><target><running/></target></edit-config>',
    tag: 'missing-element',
    message: /config/,
  },
  {
    title: 'an operation that an edit does not know',
    send: edit(reservation('<id>x</id><capacity><cores>1</cores></capacity>', ' nc:operation="add"')),
    tag: 'bad-attribute',
    path: '/promise:promise/promise:reservations/promise:reservation',
    message: /add/,
    info: { 'bad-attribute': 'operation', 'bad-element': 'reservation' },
  },
  {
    title: 'a default operation that there is not',
    send: edit('', '<default-operation>create</default-operation>'),
    tag: 'invalid-value',
    message: /merge.*replace.*none/s,
  },
  {
    title: 'an error-option that there is not',
    send: edit('', '<error-option>never</error-option>'),
    tag: 'invalid-value',
    message: /stop-on-error/,
  },
  {
    title: 'configuration in the namespace of NETCONF',
    send: edit('<promise/>'),
    tag: 'unknown-namespace',
    path: '/',
    message: /namespace of NETCONF/,
  },
  {
    title: 'configuration that the model does not have',
    send: edit('<promise xmlns="urn:opnfv:promise"><rezervations/></promise>'),
    tag: 'unknown-element',
    path: '/promise:promise',
    message: /rezervations/,
  },
  {
    title: 'an entry without its key',
    send: edit(reservation('<capacity><cores>1</cores></capacity>')),
    tag: 'missing-element',
    path: '/promise:promise/promise:reservations/promise:reservation',
    message: /id/,
    info: { 'bad-element': 'id' },
  },
  {
    title: 'the removal of what is not there',
    send: edit(reservation('<id>nobody</id>', ' nc:operation="delete"')),
    tag: 'data-missing',
    path: "/promise:promise/promise:reservations/promise:reservation[promise:id='nobody']",
    message: /nobody|exist/,
  },
  {
    title: 'state in an edit',
    send: edit(reservation('<id>x</id><capacity><cores>1</cores></capacity><state><status>active</status></state>')),
    tag: 'invalid-value',
    path: "/promise:promise/promise:reservations/promise:reservation[promise:id='x']/promise:state",
    message: /state/,
  },
  {
    title: 'a reservation that asks for nothing',
    send: edit(reservation('<id>x</id>')),
    tag: 'operation-failed',
    path: "/promise:promise/promise:reservations/promise:reservation[promise:id='x']",
    message: /a resource in capacity above zero, a container or an element/,
  },
  {
    title: 'a reservation for which there is no capacity',
    send: edit(reservation('<id>x</id><capacity><cores>1</cores></capacity>')),
    tag: 'resource-denied',
    path: "/promise:promise/promise:reservations/promise:reservation[promise:id='x']",
    message: /pool/,
  },
  {
    title: 'a place for an entry of a list that the system orders',
    send: edit(
      reservation(
        '<id>x</id><capacity><cores>1</cores></capacity>',
        ' xmlns:yang="urn:ietf:params:xml:ns:yang:1" yang:insert="first"',
      ),
    ),
    tag: 'bad-attribute',
    path: "/promise:promise/promise:reservations/promise:reservation[promise:id='x']",
    message: /insert|ordered/,
  },
];

const READS: readonly Case[] = [
  {
    title: 'an XPath filter with a prefix that is not declared',
    send: '<get><filter type="xpath" select="/q:promise"/></get>',
    tag: 'invalid-value',
    message: /^"q" before a colon is the name of no module here; in XML it is a prefix, which has to be declared/,
  },
  {
    title: 'a filter of another type',
    send: '<get><filter type="regex"/></get>',
    tag: 'bad-attribute',
    message: /subtree.*xpath/s,
    info: { 'bad-attribute': 'type', 'bad-element': 'filter' },
  },
  {
    title: 'an XPath filter without an expression',
    send: '<get><filter type="xpath"/></get>',
    tag: 'missing-attribute',
    message: /select/,
    info: { 'bad-attribute': 'select', 'bad-element': 'filter' },
  },
  {
    title: 'a filter that is no XPath',
    send: '<get><filter type="xpath" select="/promise:promise[" xmlns:promise="urn:opnfv:promise"/></get>',
    tag: 'invalid-value',
    message: /XPath|expression/,
  },
  {
    title: 'an XPath whose prefix is not declared',
    send: '<get><filter type="xpath" select="/nobody:promise"/></get>',
    tag: 'invalid-value',
    message: /nobody/,
  },
  {
    title: 'a source that there is not',
    send: '<get-config><source><candidate/></source></get-config>',
    tag: 'operation-not-supported',
    message: /candidate|running/,
  },
  {
    title: 'no source',
    send: '<get-config/>',
    tag: 'missing-element',
    message: /source/,
    info: { 'bad-element': 'source' },
  },
  {
    title: 'a with-defaults mode that there is not',
    send: '<get><with-defaults xmlns="urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults">some</with-defaults></get>',
    tag: 'invalid-value',
    message: /report-all/,
  },
  {
    title: 'a schema that there is not',
    send: `<get-schema xmlns="${MONITORING}"><identifier>nobody</identifier></get-schema>`,
    tag: 'invalid-value',
    message: /nobody/,
  },
  {
    title: 'a schema without its identifier',
    send: `<get-schema xmlns="${MONITORING}"/>`,
    tag: 'missing-element',
    path: '/ncm:get-schema',
    message: /identifier/,
  },
  {
    title: 'a schema in a format that there is not',
    send: `<get-schema xmlns="${MONITORING}"><identifier>opnfv-promise</identifier><format>rnc</format></get-schema>`,
    tag: 'invalid-value',
    message: /yang/,
  },
];

const SESSIONS: readonly Case[] = [
  {
    title: 'the unlocking of what is not locked',
    send: '<unlock><target><running/></target></unlock>',
    tag: 'operation-failed',
    message: /lock/,
  },
  {
    title: 'the lock of a datastore that there is not',
    send: '<lock><target><candidate/></target></lock>',
    tag: 'operation-not-supported',
    message: /candidate|running/,
  },
  {
    title: 'the end of a session that there is not',
    send: '<kill-session><session-id>4000000</session-id></kill-session>',
    tag: 'invalid-value',
    message: /4000000/,
  },
  {
    title: 'the end of session 0',
    send: '<kill-session><session-id>0</session-id></kill-session>',
    tag: 'invalid-value',
    message: /0|session/,
  },
  {
    title: 'the end of nobody',
    send: '<kill-session/>',
    tag: 'missing-element',
    message: /session-id/,
  },
  {
    title: 'a stream that there is not',
    send: `<create-subscription xmlns="${NOTIFICATION}"><stream>nothing</stream></create-subscription>`,
    tag: 'invalid-value',
    message: /nothing/,
  },
  {
    title: 'a stop without a start',
    send: `<create-subscription xmlns="${NOTIFICATION}"><stopTime>${hours(1)}</stopTime></create-subscription>`,
    tag: 'missing-element',
    message: /startTime/,
    info: { 'bad-element': 'startTime' },
  },
  {
    title: 'a start in the future',
    send: `<create-subscription xmlns="${NOTIFICATION}"><startTime>${hours(1)}</startTime></create-subscription>`,
    tag: 'bad-element',
    message: /^startTime lies in the future/,
    info: { 'bad-element': 'startTime' },
  },
  {
    title: 'a stop before the start',
    send: `<create-subscription xmlns="${NOTIFICATION}"><startTime>${hours(-1)}</startTime><stopTime>${hours(-2)}</stopTime></create-subscription>`,
    tag: 'bad-element',
    message: /before|later|earlier|after/,
    info: { 'bad-element': 'stopTime' },
  },
  {
    title: 'a subscription to a stream that there is not',
    send: subscribed('establish-subscription', '<stream>nothing</stream>'),
    tag: 'invalid-value',
    message: /nothing/,
  },
  {
    title: 'a subscription with a filter that is no XPath',
    send: subscribed(
      'establish-subscription',
      '<stream>promise</stream><stream-xpath-filter>/promise:[</stream-xpath-filter>',
    ),
    tag: 'invalid-value',
    path: '/sn:establish-subscription/sn:stream-xpath-filter',
    message: /expression/,
  },
  {
    title: 'the deletion of a subscription that there is not',
    send: subscribed('delete-subscription', '<id>99999</id>'),
    tag: 'invalid-value',
    message: /99999/,
  },
];

describe('NETCONF with bad input', function () {
  this.timeout(20_000);
  let agent: AgentUnderTest;
  let client: NetconfClient;

  before(async () => {
    agent = await AgentUnderTest.start({ limits: { messageBytes: MESSAGE_BYTES } });
    client = await agent.netconf();
  });
  after(async () => agent.close());

  const groups = { messages: MESSAGES, values: VALUES, edits: EDITS, reads: READS, 'sessions and streams': SESSIONS };
  for (const [group, cases] of Object.entries(groups)) {
    describe(group, () => {
      for (const each of cases) it(`answers ${each.title}, and the session goes on`, () => answers(client, each));
    });
  }

  it('answers bytes that are not UTF-8, and the session goes on', async () => {
    const head = Buffer.from(`<rpc xmlns="${BASE}" message-id="u8"><get><!--`);
    const bytes = Buffer.concat([head, Buffer.from([0xff, 0xfe]), Buffer.from('--></get></rpc>')]);
    const reply = client.expect('u8');
    client.sendRaw(Buffer.concat([Buffer.from(`\n#${bytes.length}\n`), bytes, Buffer.from('\n##\n')]));
    const [error] = all((await reply).content, 'rpc-error').map(readError);
    expect(error).to.include({ tag: 'malformed-message' });
    expect(error?.message).to.match(/UTF-8/);
    await goesOn(client);
  });

  it('answers malformed XML with operation-failed in a session of base:1.0, which knows no malformed-message', async () => {
    const old = await agent.netconf({ versions: ['1.0'] });
    const { content } = await old.exchange('7', `<rpc xmlns="${BASE}" message-id="7"><get></rpc>`);
    expect(leaf(content, 'rpc-error/error-tag')).to.equal('operation-failed');
    await goesOn(old);
    await old.close();
  });

  it('refuses a lock that another session has, and says whose', async () => {
    const other = await agent.netconf();
    await other.rpc('<lock><target><running/></target></lock>');
    await answers(client, {
      title: 'a lock',
      send: '<lock><target><running/></target></lock>',
      tag: 'lock-denied',
      message: /lock/,
      info: { 'session-id': other.sessionId },
    });
    await answers(client, {
      title: 'an edit of what is locked',
      send: edit(
        '<promise xmlns="urn:opnfv:promise"><policy><reservation><expiry>5</expiry></reservation></policy></promise>',
      ),
      tag: 'in-use',
      message: /lock/,
    });
    await other.close();
  });

  it('refuses a second subscription in a session', async () => {
    const session = await agent.netconf();
    const subscribe = `<create-subscription xmlns="${NOTIFICATION}"/>`;
    expect(all(await session.rpc(subscribe), 'ok')).to.have.length(1);
    await answers(session, { title: 'a second', send: subscribe, tag: 'in-use', message: /subscription/ });
    await session.close();
  });

  it('refuses to end its own session', async () => {
    await answers(client, {
      title: 'itself',
      send: `<kill-session><session-id>${client.sessionId}</session-id></kill-session>`,
      tag: 'invalid-value',
      message: /own|close-session/,
    });
  });

  for (const [what, bytes] of [
    ['a chunk of no size', '\n#0\n'],
    ['a size with a leading zero', '\n#05\nhello\n##\n'],
    ['a negative size', '\n#-5\n'],
    ['a size beyond what a chunk may have', '\n#99999999999\n'],
    ['text where a chunk should begin', 'hello'],
    ['the end of a message that never began', '\n##\n'],
    ['the framing of base:1.0', `<rpc xmlns="${BASE}" message-id="1"><get/></rpc>]]>]]>`],
  ] as const) {
    it(`ends a session that breaks the framing with ${what}, and no other`, async () => {
      const session = await agent.netconf();
      session.sendRaw(bytes);
      await session.closed();
      await goesOn(client);
    });
  }

  for (const [what, text] of [
    ['is an rpc', `<rpc xmlns="${BASE}" message-id="1"><get/></rpc>`],
    ['is not well-formed', '<hello'],
    ['has a session-id', hello('<session-id>4</session-id>')],
    ['is of another namespace', '<hello xmlns="urn:example:other"/>'],
    ['knows no version of the protocol', `<hello xmlns="${BASE}"><capabilities/></hello>`],
  ] as const) {
    it(`ends a session whose hello ${what}, and no other`, async () => {
      const channel = await openChannel(agent);
      channel.write(`${text}]]>]]>`);
      await once(channel.resume(), 'close');
      await goesOn(client);
    });
  }

  it('survives a client that leaves in the middle of a message', async () => {
    const session = await agent.netconf();
    session.sendRaw('\n#1000\n<rpc');
    session.drop();
    await goesOn(client);
  });

  for (const [what, credentials] of [
    ['a wrong password', { username: USER, password: 'wrong' }],
    ['an unknown user', { username: 'nobody', password: PASSWORD }],
    ['a key of nobody', { username: USER, privateKey: makeSshKeyPair('ed25519').private }],
  ] as const) {
    it(`refuses ${what}`, async () => {
      const connection = new ssh2.Client();
      const refused = once(connection, 'error').then(([error]) => error as Error);
      connection.connect({ ...agent.system.netconf, ...credentials });
      expect((await refused).message).to.match(/authentication methods failed/);
      await goesOn(client);
    });
  }

  it('has changed nothing, and logged no failure of its own', async () => {
    const reply = await client.rpc('<get-config><source><running/></source></get-config>');
    expect(all(reply, 'data/promise/reservations/reservation')).to.deep.equal([]);
    expect(agent.logged.filter((line) => line.includes('"level":50'))).to.deep.equal([]);
  });
});

async function answers(
  client: NetconfClient,
  { send, id, tag, type, appTag, path, message, info }: Case,
): Promise<void> {
  const reply = id === undefined ? await client.rpc(send) : (await client.exchange(id, send)).content;
  expect(reply).to.include({ name: 'rpc-reply', namespace: BASE });
  const [error] = all(reply, 'rpc-error').map((each) => ({
    ...readError(each),
    severity: leaf(each, 'error-severity'),
  }));
  if (error === undefined) throw new Error('the reply has no rpc-error');
  expect(error.tag, error.message).to.equal(tag);
  expect(error.severity).to.equal('error');
  expect(error.message).to.match(message);
  expect(error.message, 'the operation is named as it was sent').not.to.match(/:input\b/);
  expect(error.path).to.equal(path);
  if (type !== undefined) expect(error.type).to.equal(type);
  if (appTag !== undefined) expect(error.appTag).to.equal(appTag);
  expectInfo(error, info ?? {});
  await goesOn(client);
}

function expectInfo(error: AnswerError, expected: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(expected)) {
    expect(leaf(error.info, name), `${name} in error-info`).to.equal(value);
  }
}

/** The session answers, which it could not if it were over or out of step. */
async function goesOn(client: NetconfClient): Promise<void> {
  const reply = await client.rpc('<get><filter type="subtree"><nothing xmlns="urn:opnfv:promise"/></filter></get>');
  expect(all(reply, 'data')).to.have.length(1);
}

function hello(more: string): string {
  return `<hello xmlns="${BASE}"><capabilities><capability>urn:ietf:params:netconf:base:1.1</capability></capabilities>${more}</hello>`;
}

async function openChannel(agent: AgentUnderTest): Promise<ClientChannel> {
  const connection = new ssh2.Client();
  connection.connect({ ...agent.system.netconf, username: USER, privateKey: KEY.private });
  await once(connection, 'ready');
  const channel = await new Promise<ClientChannel>((resolve, reject) => {
    connection.subsys('netconf', (error, opened) => {
      if (error === undefined) resolve(opened);
      else reject(error);
    });
  });
  channel.once('close', () => connection.end());
  return channel;
}
