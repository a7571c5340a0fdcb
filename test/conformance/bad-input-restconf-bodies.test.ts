import type { HttpRequest } from '../../src/cli/demo/restconf-client.ts';
import {
  create,
  json,
  MESSAGE_BYTES,
  OPERATION,
  refusesBadInput,
  type Case,
  xml,
} from './bad-input-restconf-fixture.ts';
import { JSON_DATA } from './restconf-fixture.ts';

const createXml = (children: string): HttpRequest =>
  xml('POST', OPERATION, `<input xmlns="urn:opnfv:promise">${children}</input>`);

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

refusesBadInput({ bodies: BODIES });
