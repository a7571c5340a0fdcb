import { expect } from 'chai';
import { readError, type AnswerError } from '../../src/cli/demo/consumer.ts';
import { all, fromJson, fromXml, leaf, type Content } from '../../src/cli/demo/content.ts';
import { parseObject } from '../../src/cli/demo/restconf-consumer.ts';
import type { HttpAnswer, HttpRequest, RestconfClient } from '../../src/cli/demo/restconf-client.ts';
import { AgentUnderTest, START, USER } from '../contract/agent-under-test.ts';

const JSON_DATA = 'application/yang-data+json';
const XML_DATA = 'application/yang-data+xml';
const MESSAGE_BYTES = 256 * 1024;

/** A request that is wrong, and what the server has to say to it. */
interface Case {
  readonly title: string;
  readonly request: HttpRequest;
  readonly status: number;
  readonly tag: string;
  /** What error-path is; absent: there is nothing that a path could lead to. */
  readonly path?: string;
  readonly message: RegExp;
  /** What else has to hold. */
  readonly also?: (answer: HttpAnswer, error: AnswerError) => void;
}

const hours = (count: number): string => new Date(START + count * 3_600_000).toISOString();

function json(method: string, path: string, body: unknown, headers: Record<string, string> = {}): HttpRequest {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return { method, path, headers: { 'Content-Type': JSON_DATA, ...headers }, body: text };
}

function xml(method: string, path: string, body: string): HttpRequest {
  return { method, path, headers: { 'Content-Type': XML_DATA, Accept: XML_DATA }, body };
}

const rpc = (name: string, input: unknown): HttpRequest =>
  json('POST', `/restconf/operations/${name.includes(':') ? name : `opnfv-promise:${name}`}`, {
    [`${name.includes(':') ? (name.split(':')[0] ?? '') : 'opnfv-promise'}:input`]: input,
  });
const create = (input: unknown): HttpRequest => rpc('create-reservation', input);
const createXml = (children: string): HttpRequest =>
  xml(
    'POST',
    '/restconf/operations/opnfv-promise:create-reservation',
    `<input xmlns="urn:opnfv:promise">${children}</input>`,
  );
const get = (path: string, headers: Record<string, string> = {}): HttpRequest => ({ method: 'GET', path, headers });

const INPUT = '/opnfv-promise:input';
const RESERVATIONS = '/restconf/data/opnfv-promise:promise/reservations';
const ENTRY = "/opnfv-promise:promise/reservations/reservation[id='r1']";
const entry = (more: object = {}): object => ({
  'opnfv-promise:reservation': [{ id: 'r1', start: hours(1), end: hours(2), capacity: { cores: 1 }, ...more }],
});

const VALUES: readonly Case[] = [
  {
    title: 'nothing of a mandatory choice',
    request: rpc('create-instance', { name: 'vm', flavor: 'small' }),
    status: 409,
    tag: 'data-missing',
    path: INPUT,
    message: /"root-disk", which is mandatory: give "image", or "boot-volume"\.$/,
    also: ({ body }, error) => {
      expect(error.appTag).to.equal('missing-choice');
      expect(body).not.to.include('error-info');
    },
  },
  {
    title: 'nothing of a mandatory choice in XML',
    request: xml(
      'POST',
      '/restconf/operations/opnfv-promise:create-instance',
      '<input xmlns="urn:opnfv:promise"><name>vm</name><flavor>small</flavor></input>',
    ),
    status: 409,
    tag: 'data-missing',
    path: '/promise:input',
    message: /give "image", or "boot-volume"/,
    also: ({ body }) =>
      expect(body).to.include(
        '<error-info><missing-choice xmlns="urn:ietf:params:xml:ns:yang:1">root-disk</missing-choice></error-info>',
      ),
  },
  {
    title: 'a string for a 32-bit number in JSON',
    request: create({ capacity: { cores: '5' } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/capacity/cores`,
    message: /number/i,
  },
  {
    title: 'a number for a 64-bit number in JSON',
    request: create({ capacity: { ram: 4096 } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/capacity/ram`,
    message: /string/i,
  },
  {
    title: 'a negative number',
    request: create({ capacity: { cores: -1 } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/capacity/cores`,
    message: /-1.*(0|4294967295|uint32)/s,
  },
  {
    title: 'a number beyond the type',
    request: create({ capacity: { cores: 4294967296 } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/capacity/cores`,
    message: /4294967295/,
  },
  {
    title: 'a number that no machine holds',
    request: json(
      'POST',
      '/restconf/operations/opnfv-promise:create-reservation',
      '{"opnfv-promise:input":{"capacity":{"cores":1e400}}}',
    ),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/capacity/cores`,
    message: /cores/,
  },
  {
    title: 'a 64-bit number beyond the type',
    request: create({ capacity: { ram: '99999999999999999999999' } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/capacity/ram`,
    message: /18446744073709551615/,
  },
  {
    title: 'a fraction for a whole number',
    request: create({ capacity: { cores: 1.5 } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/capacity/cores`,
    message: /1\.5/,
  },
  {
    title: 'a boolean for a number',
    request: create({ capacity: { cores: true } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/capacity/cores`,
    message: /number/i,
  },
  {
    title: 'null for a number',
    request: create({ capacity: { cores: null } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/capacity/cores`,
    message: /null|number/i,
  },
  {
    title: 'an object for a leaf',
    request: create({ capacity: { cores: { amount: 1 } } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/capacity/cores`,
    message: /number/i,
  },
  {
    title: 'an array for a leaf',
    request: create({ capacity: { cores: [1] } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/capacity/cores`,
    message: /array|number/i,
  },
  {
    title: 'a number for a container',
    request: create({ capacity: 5 }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/capacity`,
    message: /object/i,
  },
  {
    title: 'one value for a leaf-list',
    request: create({ capacity: { cores: 1 }, pools: 'pool-1' }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/pools`,
    message: /array/i,
  },
  {
    title: 'a leaf that the model does not have',
    request: create({ capacity: { corez: 1 } }),
    status: 400,
    tag: 'unknown-element',
    path: `${INPUT}/capacity`,
    message: /corez/,
    also: (_answer, error) => expect(leaf(error.info, 'bad-element')).to.equal('corez'),
  },
  {
    title: 'a leaf of a feature that is not there',
    request: rpc('ietf-subscribed-notifications:establish-subscription', { stream: 'promise', weighting: 3 }),
    status: 400,
    tag: 'unknown-element',
    path: '/ietf-subscribed-notifications:input',
    message: /weighting/,
  },
  {
    title: 'a member of an unknown module',
    request: create({ capacity: { cores: 1 }, 'no-such-module:name': 'x' }),
    status: 400,
    tag: 'unknown-namespace',
    path: INPUT,
    message: /no-such-module/,
  },
  {
    title: 'a value that is no date',
    request: create({ capacity: { cores: 1 }, start: 'tomorrow' }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/start`,
    message: /tomorrow/,
  },
  {
    title: 'a date that no calendar has',
    request: create({ capacity: { cores: 1 }, start: '2027-02-30T00:00:00Z' }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/start`,
    message: /2027-02-30/,
  },
  {
    title: 'an end before the start',
    request: create({ capacity: { cores: 1 }, start: hours(2), end: hours(1) }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/end`,
    message: /not after the start/,
  },
  {
    title: 'an end at the start',
    request: create({ capacity: { cores: 1 }, start: hours(2), end: hours(2) }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/end`,
    message: /not after the start/,
  },
  {
    title: 'an end that has passed',
    request: create({ capacity: { cores: 1 }, end: hours(-1) }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/end`,
    message: /passed|not after/,
  },
  {
    title: 'an expiry before the start',
    request: create({ capacity: { cores: 1 }, start: hours(2), end: hours(3), 'expiry-time': hours(1) }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/expiry-time`,
    message: /not after the start/,
  },
  {
    title: 'a request for nothing',
    request: create({}),
    status: 400,
    tag: 'operation-failed',
    path: INPUT,
    message: /a resource in capacity above zero, a container or an element/,
    also: (_answer, error) => expect(error.appTag).to.equal('must-violation'),
  },
  {
    title: 'a word that is not of the enumeration',
    request: create({ capacity: { cores: 1 }, priority: 'urgent' }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/priority`,
    message: /high.*normal.*low/s,
  },
  {
    title: 'an empty identifier',
    request: rpc('cancel-reservation', { 'reservation-id': '' }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/reservation-id`,
    message: /1.*64|length/s,
  },
  {
    title: 'an identifier that is too long',
    request: rpc('cancel-reservation', { 'reservation-id': 'x'.repeat(65) }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/reservation-id`,
    message: /64/,
  },
  {
    title: 'no identifier',
    request: rpc('cancel-reservation', {}),
    status: 400,
    tag: 'missing-element',
    path: INPUT,
    message: /reservation-id/,
    also: (_answer, error) => expect(leaf(error.info, 'bad-element')).to.equal('reservation-id'),
  },
  {
    title: 'an operation without its input',
    request: { method: 'POST', path: '/restconf/operations/opnfv-promise:destroy-instance' },
    status: 400,
    tag: 'missing-element',
    path: INPUT,
    message: /instance-id/,
  },
  {
    title: 'a reservation that there is not',
    request: rpc('cancel-reservation', { 'reservation-id': 'nobody' }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/reservation-id`,
    message: /nobody/,
  },
  {
    title: 'an update of a reservation that there is not',
    request: rpc('update-reservation', { 'reservation-id': 'nobody', capacity: { cores: 1 } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/reservation-id`,
    message: /nobody/,
  },
  {
    title: 'an instance that there is not',
    request: rpc('destroy-instance', { 'instance-id': 'nobody' }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/instance-id`,
    message: /nobody/,
  },
  {
    title: 'a pool that there is not',
    request: rpc('decrease-capacity', { 'pool-id': 'nobody', capacity: { cores: 1 } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/pool-id`,
    message: /nobody/,
  },
  {
    title: 'a provider that there is not',
    request: rpc('increase-capacity', { source: 'nobody', capacity: { cores: 1 } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/source`,
    message: /nobody/,
  },
  {
    title: 'an identity that there is not',
    request: rpc('add-provider', { 'provider-type': 'opnfv-promise:vmware' }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/provider-type`,
    message: /vmware.*"opnfv-promise:openstack", "promise-simulator:simulated"\.$/,
  },
  {
    title: 'a provider without what its type needs',
    request: rpc('add-provider', { 'provider-type': 'opnfv-promise:openstack' }),
    status: 400,
    tag: 'operation-failed',
    path: INPUT,
    message: /needs an endpoint, a username and a password/,
  },
  {
    title: 'two entries of one key',
    request: rpc('add-provider', {
      'provider-type': 'promise-simulator:simulated',
      'promise-simulator:simulation': { image: [{ id: 'same' }, { id: 'same' }] },
    }),
    status: 400,
    tag: 'bad-element',
    path: `${INPUT}/promise-simulator:simulation/image[id='same']`,
    message: /same|duplicate|twice/i,
  },
  {
    title: 'a value that is both set and cleared',
    request: rpc('update-reservation', { 'reservation-id': 'r', name: 'x', clear: ['name'] }),
    status: 400,
    tag: 'operation-failed',
    path: `${INPUT}/clear[1]`,
    message: /set and cleared/,
  },
  {
    title: 'a window without bounds',
    request: rpc('query-capacity', { window: {} }),
    status: 400,
    tag: 'operation-failed',
    path: `${INPUT}/window`,
    message: /a start, an end or both/,
  },
  {
    title: 'a window that ends before it starts',
    request: rpc('query-capacity', { window: { start: hours(2), end: hours(1) } }),
    status: 400,
    tag: 'invalid-value',
    path: `${INPUT}/window/end`,
    message: /not after/,
  },
  {
    title: 'a host that the simulation does not have',
    request: rpc('promise-simulator:fail-host', { 'provider-id': 'nobody', host: 'compute-1' }),
    status: 400,
    tag: 'invalid-value',
    path: '/promise-simulator:input/provider-id',
    message: /nobody/,
  },
];

const OPERATION = '/restconf/operations/opnfv-promise:create-reservation';

const BODIES: readonly Case[] = [
  {
    title: 'JSON that breaks off',
    request: json('POST', OPERATION, '{"opnfv-promise:input":'),
    status: 400,
    tag: 'malformed-message',
    message: /JSON/,
  },
  {
    title: 'text after the JSON',
    request: json('POST', OPERATION, '{"opnfv-promise:input":{"capacity":{"cores":1}}} and more'),
    status: 400,
    tag: 'malformed-message',
    message: /JSON/,
  },
  {
    title: 'an array where the input is expected',
    request: json('POST', OPERATION, '[]'),
    status: 400,
    tag: 'malformed-message',
    message: /opnfv-promise:input|object/,
  },
  {
    title: 'a JSON body without the input',
    request: json('POST', OPERATION, { input: { capacity: { cores: 1 } } }),
    status: 400,
    tag: 'unknown-element',
    message: /opnfv-promise:input/,
  },
  {
    title: 'a JSON body with the output',
    request: json('POST', OPERATION, { 'opnfv-promise:output': {} }),
    status: 400,
    tag: 'unknown-element',
    message: /opnfv-promise:input/,
  },
  {
    title: 'one member twice',
    request: json('POST', OPERATION, '{"opnfv-promise:input":{"capacity":{"cores":1,"cores":2}}}'),
    status: 400,
    tag: 'malformed-message',
    message: /cores/,
  },
  {
    title: 'JSON nested a hundred thousand deep',
    request: json('POST', OPERATION, `{"opnfv-promise:input":${'['.repeat(100_000)}`),
    status: 400,
    tag: 'malformed-message',
    message: /deep|nest|JSON/i,
  },
  {
    title: 'bytes that are not UTF-8',
    request: {
      method: 'POST',
      path: OPERATION,
      headers: { 'Content-Type': JSON_DATA },
      body: Buffer.concat([
        Buffer.from('{"opnfv-promise:input":{"name":"'),
        Buffer.from([0xff, 0xfe]),
        Buffer.from('","capacity":{"cores":1}}}'),
      ]),
    },
    status: 400,
    tag: 'malformed-message',
    message: /UTF-8/,
  },
  {
    title: 'a body beyond the limit',
    request: create({ name: 'x'.repeat(MESSAGE_BYTES), capacity: { cores: 1 } }),
    status: 413,
    tag: 'too-big',
    message: new RegExp(String(MESSAGE_BYTES)),
  },
  {
    title: 'XML that breaks off',
    request: xml('POST', OPERATION, '<input xmlns="urn:opnfv:promise"><capacity>'),
    status: 400,
    tag: 'malformed-message',
    message: /XML|unclosed/i,
  },
  {
    title: 'XML with a document type',
    request: xml(
      'POST',
      OPERATION,
      '<!DOCTYPE input [<!ENTITY a "b">]><input xmlns="urn:opnfv:promise"><name>&a;</name></input>',
    ),
    status: 400,
    tag: 'malformed-message',
    message: /DOCTYPE|document type/i,
  },
  {
    title: 'XML of another root',
    request: xml('POST', OPERATION, '<create-reservation xmlns="urn:opnfv:promise"/>'),
    status: 400,
    tag: 'unknown-element',
    message: /input/,
  },
  {
    title: 'an input of another namespace',
    request: xml('POST', OPERATION, '<input xmlns="urn:example:other"><capacity/></input>'),
    status: 400,
    tag: 'unknown-element',
    message: /urn:opnfv:promise/,
  },
  {
    title: 'XML nested a thousand deep',
    request: xml('POST', OPERATION, `${'<input xmlns="urn:opnfv:promise">'.repeat(1000)}${'</input>'.repeat(1000)}`),
    status: 413,
    tag: 'too-big',
    message: /deep|nest|256/i,
  },
  {
    title: 'a word for a number in XML',
    request: createXml('<capacity><cores>five</cores></capacity>'),
    status: 400,
    tag: 'invalid-value',
    path: '/promise:input/promise:capacity/promise:cores',
    message: /five/,
  },
  {
    title: 'an element that the model does not have in XML',
    request: createXml('<capacity><corez>5</corez></capacity>'),
    status: 400,
    tag: 'unknown-element',
    path: '/promise:input/promise:capacity',
    message: /corez/,
  },
  {
    title: 'an element of an unknown namespace in XML',
    request: createXml('<capacity><cores>1</cores></capacity><name xmlns="urn:example:other">x</name>'),
    status: 400,
    tag: 'unknown-namespace',
    path: '/promise:input',
    message: /urn:example:other/,
  },
  {
    title: 'text in a container in XML',
    request: createXml('<capacity>five</capacity>'),
    status: 400,
    tag: 'invalid-value',
    path: '/promise:input/promise:capacity',
    message: /five|text/,
  },
  {
    title: 'one leaf twice in XML',
    request: createXml('<capacity><cores>1</cores><cores>2</cores></capacity>'),
    status: 400,
    tag: 'bad-element',
    path: '/promise:input/promise:capacity/promise:cores',
    message: /cores/,
  },
  {
    title: 'a prefix that is not declared, in a value',
    request: xml(
      'POST',
      '/restconf/operations/opnfv-promise:add-provider',
      '<input xmlns="urn:opnfv:promise"><provider-type>sim:simulated</provider-type></input>',
    ),
    status: 400,
    tag: 'invalid-value',
    path: '/promise:input/promise:provider-type',
    message: /sim/,
  },
];

const HTTP: readonly Case[] = [
  {
    title: 'a body without Content-Type',
    request: { method: 'POST', path: OPERATION, body: '{}' },
    status: 415,
    tag: 'invalid-value',
    message: /application\/yang-data\+json/,
  },
  {
    title: 'a body of another Content-Type',
    request: json('POST', OPERATION, '{}', { 'Content-Type': 'text/plain' }),
    status: 415,
    tag: 'invalid-value',
    message: /text\/plain.*application\/yang-data\+json/s,
  },
  {
    title: 'an answer that nobody can give',
    request: get('/restconf/data', { Accept: 'image/png' }),
    status: 406,
    tag: 'invalid-value',
    message: /application\/yang-data\+json/,
  },
  {
    title: 'a resource that there is not',
    request: get('/restconf/dota'),
    status: 404,
    tag: 'invalid-value',
    message: /data, operations/,
  },
  {
    title: 'a path outside the API',
    request: get('/'),
    status: 404,
    tag: 'invalid-value',
    message: /\/restconf/,
  },
  {
    title: 'data of an unknown module',
    request: get('/restconf/data/no-such-module:top'),
    status: 404,
    tag: 'invalid-value',
    message: /no-such-module/,
  },
  {
    title: 'data without a module',
    request: get('/restconf/data/promise'),
    status: 404,
    tag: 'invalid-value',
    message: /module/,
  },
  {
    title: 'data that the model does not have',
    request: get('/restconf/data/opnfv-promise:promise/rezervations'),
    status: 404,
    tag: 'invalid-value',
    path: '/opnfv-promise:promise',
    message: /rezervations/,
  },
  {
    title: 'an entry that there is not',
    request: get(`${RESERVATIONS}/reservation=nobody`),
    status: 404,
    tag: 'invalid-value',
    path: "/opnfv-promise:promise/reservations/reservation[id='nobody']",
    message: /not exist|no /,
  },
  {
    title: 'a key too many',
    request: get(`${RESERVATIONS}/reservation=a,b`),
    status: 400,
    tag: 'invalid-value',
    path: '/opnfv-promise:promise/reservations/reservation',
    message: /key/,
  },
  {
    title: 'a key for a container',
    request: get('/restconf/data/opnfv-promise:promise/policy=x'),
    status: 400,
    tag: 'invalid-value',
    path: '/opnfv-promise:promise/policy',
    message: /key|policy/,
  },
  {
    title: 'a wrong percent-encoding',
    request: get(`${RESERVATIONS}/reservation=%zz`),
    status: 400,
    tag: 'invalid-value',
    message: /percent/,
  },
  {
    title: 'an operation that there is not',
    request: rpc('create-everything', {}),
    status: 404,
    tag: 'invalid-value',
    message: /operations/,
  },
  {
    title: 'DELETE of an operation',
    request: { method: 'DELETE', path: OPERATION },
    status: 405,
    tag: 'operation-not-supported',
    message: /POST/,
    also: (answer) => expect(answer.headers['allow']).to.contain('POST'),
  },
  {
    title: 'an edit of state',
    request: json('PUT', '/restconf/data/opnfv-promise:promise/capacity', { 'opnfv-promise:capacity': {} }),
    status: 405,
    tag: 'operation-not-supported',
    message: /state/,
    also: (answer) => expect(answer.headers['allow']).to.equal('GET, HEAD, OPTIONS'),
  },
  {
    title: 'a method that RESTCONF does not know',
    request: { method: 'LOCK', path: '/restconf/data' },
    status: 405,
    tag: 'operation-not-supported',
    message: /GET/,
  },
  {
    title: 'a query parameter that there is not',
    request: get('/restconf/data?deepth=1'),
    status: 400,
    tag: 'invalid-value',
    message: /deepth.*content, depth, fields, with-defaults/s,
  },
  {
    title: 'a query parameter twice',
    request: get('/restconf/data?depth=1&depth=2'),
    status: 400,
    tag: 'invalid-value',
    message: /more than once/,
  },
  {
    title: 'a depth of nothing',
    request: get('/restconf/data?depth=0'),
    status: 400,
    tag: 'invalid-value',
    message: /1 to 65535/,
  },
  {
    title: 'a content that there is not',
    request: get('/restconf/data?content=everything'),
    status: 400,
    tag: 'invalid-value',
    message: /config, nonconfig, all/,
  },
  {
    title: 'fields that the model does not have',
    request: get(`${RESERVATIONS}?fields=reservation/colour`),
    status: 400,
    tag: 'invalid-value',
    message: /colour/,
  },
  {
    title: 'fields whose parentheses do not match',
    request: get(`${RESERVATIONS}?fields=reservation(id`),
    status: 400,
    tag: 'invalid-value',
    message: /\)|parenthes/,
  },
  {
    title: 'a place for an entry of a list that the system orders',
    request: json('POST', `${RESERVATIONS}?insert=first`, entry()),
    status: 400,
    tag: 'invalid-value',
    path: ENTRY,
    message: /ordered-by user|order/,
  },
  {
    title: 'a point without before or after',
    request: json('POST', `${RESERVATIONS}?point=/x`, entry()),
    status: 400,
    tag: 'invalid-value',
    message: /before.*after/s,
  },
  {
    title: 'no credentials',
    request: get('/restconf/data', { Authorization: '' }),
    status: 401,
    tag: 'access-denied',
    message: /Basic|password/,
    also: (answer) => expect(answer.headers['www-authenticate']).to.match(/^Basic realm=/),
  },
  {
    title: 'a wrong password',
    request: get('/restconf/data', { Authorization: basic(USER, 'wrong') }),
    status: 401,
    tag: 'access-denied',
    message: /wrong/,
    also: (answer) => expect(answer.headers['www-authenticate']).to.match(/^Basic realm=/),
  },
  {
    title: 'an unknown user',
    request: get('/restconf/data', { Authorization: basic('nobody', 'x') }),
    status: 401,
    tag: 'access-denied',
    message: /wrong/,
  },
  {
    title: 'credentials of another kind',
    request: get('/restconf/data', { Authorization: 'Bearer abc' }),
    status: 401,
    tag: 'access-denied',
    message: /Basic/,
  },
];

const EDITS: readonly Case[] = [
  {
    title: 'another key in the body than in the URL',
    request: json('PUT', `${RESERVATIONS}/reservation=r2`, entry()),
    status: 400,
    tag: 'invalid-value',
    path: "/opnfv-promise:promise/reservations/reservation[id='r2']",
    message: /r1.*r2|r2.*r1/s,
  },
  {
    title: 'an entry without its key',
    request: json('POST', RESERVATIONS, { 'opnfv-promise:reservation': [{ capacity: { cores: 1 } }] }),
    status: 400,
    tag: 'missing-element',
    path: '/opnfv-promise:promise/reservations/reservation',
    message: /id/,
    also: (_answer, error) => expect(leaf(error.info, 'bad-element')).to.equal('id'),
  },
  {
    title: 'two entries in one POST',
    request: json('POST', RESERVATIONS, {
      'opnfv-promise:reservation': [
        { id: 'a', capacity: { cores: 1 } },
        { id: 'b', capacity: { cores: 1 } },
      ],
    }),
    status: 400,
    tag: 'invalid-value',
    path: '/opnfv-promise:promise/reservations',
    message: /one/,
  },
  {
    title: 'a reservation that asks for nothing',
    request: json('PUT', `${RESERVATIONS}/reservation=r1`, entry({ capacity: {} })),
    status: 400,
    tag: 'operation-failed',
    path: ENTRY,
    message: /a resource in capacity above zero, a container or an element/,
    also: (_answer, error) => expect(error.appTag).to.equal('must-violation'),
  },
  {
    title: 'a reservation that ends before it starts',
    request: json('PUT', `${RESERVATIONS}/reservation=r1`, entry({ start: hours(3) })),
    status: 400,
    tag: 'invalid-value',
    path: `${ENTRY}/end`,
    message: /not after the start/,
  },
  {
    title: 'a value of the wrong type',
    request: json('PUT', `${RESERVATIONS}/reservation=r1`, entry({ capacity: { cores: 'many' } })),
    status: 400,
    tag: 'invalid-value',
    path: `${ENTRY}/capacity/cores`,
    message: /number/i,
  },
  {
    title: 'a leaf that the model does not have',
    request: json('PUT', `${RESERVATIONS}/reservation=r1`, entry({ colour: 'red' })),
    status: 400,
    tag: 'unknown-element',
    path: ENTRY,
    message: /colour/,
  },
  {
    title: 'state in a body',
    request: json('PUT', `${RESERVATIONS}/reservation=r1`, entry({ state: { status: 'active' } })),
    status: 400,
    tag: 'invalid-value',
    path: `${ENTRY}/state`,
    message: /state/,
  },
  {
    title: 'a body for another resource',
    request: json('PUT', `${RESERVATIONS}/reservation=r1`, { 'opnfv-promise:pool': [{ id: 'r1' }] }),
    status: 400,
    tag: 'unknown-element',
    path: '/opnfv-promise:promise/reservations',
    message: /reservation/,
  },
  {
    title: 'no body',
    request: { method: 'PUT', path: `${RESERVATIONS}/reservation=r1` },
    status: 400,
    tag: 'malformed-message',
    message: /needs a body/,
  },
  {
    title: 'the removal of what is not there',
    request: { method: 'DELETE', path: `${RESERVATIONS}/reservation=nobody` },
    status: 404,
    tag: 'invalid-value',
    path: "/opnfv-promise:promise/reservations/reservation[id='nobody']",
    message: /does not exist/,
  },
  {
    title: 'a patch of what is not there',
    request: json('PATCH', `${RESERVATIONS}/reservation=nobody`, {
      'opnfv-promise:reservation': [{ id: 'nobody', name: 'x' }],
    }),
    status: 404,
    tag: 'invalid-value',
    path: "/opnfv-promise:promise/reservations/reservation[id='nobody']",
    message: /does not exist/,
  },
  {
    title: 'two providers of one name',
    request: json('PATCH', '/restconf/data/opnfv-promise:promise', {
      'opnfv-promise:promise': {
        providers: {
          provider: [
            { id: 'a', name: 'same', 'provider-type': 'promise-simulator:simulated' },
            { id: 'b', name: 'same', 'provider-type': 'promise-simulator:simulated' },
          ],
        },
      },
    }),
    status: 400,
    tag: 'operation-failed',
    path: "/opnfv-promise:promise/providers/provider[id='b']",
    message: /unique|name/i,
    also: (_answer, error) => expect(error.appTag).to.equal('data-not-unique'),
  },
  {
    title: 'a precondition that fails',
    request: json('PUT', `${RESERVATIONS}/reservation=r1`, entry(), { 'If-Match': '"stale"' }),
    status: 412,
    tag: 'operation-failed',
    message: /If-Match/,
  },
  {
    title: 'a precondition that cannot be read',
    request: json('PUT', `${RESERVATIONS}/reservation=r1`, entry(), { 'If-Unmodified-Since': 'yesterday' }),
    status: 400,
    tag: 'invalid-value',
    message: /HTTP date/,
  },
];

const STREAM = '/restconf/streams/promise/json';
const EVENTS = { Accept: 'text/event-stream' };

const STREAMS: readonly Case[] = [
  {
    title: 'a stream that there is not',
    request: get('/restconf/streams/nothing/json', EVENTS),
    status: 404,
    tag: 'invalid-value',
    message: /nothing/,
  },
  {
    title: 'a stream as a document',
    request: get(STREAM, { Accept: JSON_DATA }),
    status: 406,
    tag: 'invalid-value',
    message: /text\/event-stream/,
  },
  {
    title: 'a start that is no time',
    request: get(`${STREAM}?start-time=yesterday`, EVENTS),
    status: 400,
    tag: 'invalid-value',
    message: /date-and-time/,
  },
  {
    title: 'a stop without a start',
    request: get(`${STREAM}?stop-time=2027-03-01T00:00:00Z`, EVENTS),
    status: 400,
    tag: 'invalid-value',
    message: /start-time/,
  },
  {
    title: 'a start in the future',
    request: get(`${STREAM}?start-time=2030-03-01T00:00:00Z`, EVENTS),
    status: 400,
    tag: 'bad-element',
    message: /future|later/,
  },
  {
    title: 'a filter that is no XPath',
    request: get(`${STREAM}?filter=${encodeURIComponent('/opnfv-promise:capacity-event[')}`, EVENTS),
    status: 400,
    tag: 'invalid-value',
    message: /filter|XPath/,
  },
  {
    title: 'the identifier of no event',
    request: get(STREAM, { ...EVENTS, 'Last-Event-ID': 'abc' }),
    status: 400,
    tag: 'invalid-value',
    message: /Last-Event-ID/,
  },
  {
    title: 'a subscription that there is not',
    request: get('/restconf/subscriptions/99999', EVENTS),
    status: 404,
    tag: 'invalid-value',
    message: /99999|subscription/,
  },
  {
    title: 'the deletion of a subscription that there is not',
    request: rpc('ietf-subscribed-notifications:delete-subscription', { id: 99999 }),
    status: 404,
    tag: 'invalid-value',
    message: /99999/,
  },
  {
    title: 'a subscription to a stream that there is not',
    request: rpc('ietf-subscribed-notifications:establish-subscription', { stream: 'nothing' }),
    status: 400,
    tag: 'invalid-value',
    message: /nothing/,
  },
];

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

describe('RESTCONF with bad input', function () {
  this.timeout(20_000);
  let agent: AgentUnderTest;
  let client: RestconfClient;

  before(async () => {
    agent = await AgentUnderTest.start({ limits: { messageBytes: MESSAGE_BYTES } });
    client = agent.restconf();
  });
  after(async () => agent.close());

  const groups = { values: VALUES, bodies: BODIES, 'requests of HTTP': HTTP, edits: EDITS, streams: STREAMS };
  for (const [group, cases] of Object.entries(groups)) {
    describe(group, () => {
      for (const each of cases) it(`answers ${each.title}`, () => answers(client, each));
    });
  }

  it('has changed nothing, and logged no failure of its own', async () => {
    const { body } = await client.request(get(RESERVATIONS));
    expect(body).not.to.contain('"id"');
    expect(agent.logged.filter((line) => line.includes('"level":50'))).to.deep.equal([]);
  });
});

async function answers(client: RestconfClient, { request, status, tag, path, message, also }: Case): Promise<void> {
  const answer = await client.request(request);
  expect(answer.status, answer.body).to.equal(status);
  const [error] = all(await errorsOf(answer), 'error').map(readError);
  if (error === undefined) throw new Error(`there is no error in ${answer.body}`);
  expect(error.tag, answer.body).to.equal(tag);
  expect(error.message).to.match(message);
  expect(error.path).to.equal(path);
  also?.(answer, error);
  const alive = await client.request(get('/restconf/yang-library-version'));
  expect(alive.status).to.equal(200);
}

/** RFC 8040 §7.1: every error has a body of errors, in an encoding of YANG data. */
async function errorsOf({ headers, body }: HttpAnswer): Promise<Content | undefined> {
  if (headers['content-type'] === XML_DATA) return await fromXml(body);
  expect(headers['content-type']).to.equal(JSON_DATA);
  return fromJson(parseObject(body))[0];
}
