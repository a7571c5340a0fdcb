import { expect } from 'chai';
import { leaf } from '../../src/cli/demo/content.ts';
import { ENTRY, entry, hours, json, refusesBadInput, RESERVATIONS, type Case } from './bad-input-restconf-fixture.ts';

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

refusesBadInput({ edits: EDITS });
