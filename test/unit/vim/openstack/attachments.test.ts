import { expect } from 'chai';
import type { Vim, VimErrorKind } from '../../../../src/vim/vim.ts';
import { OpenStackFixture, failureOf, signal } from './openstack-fixture.ts';
import { member, recorded } from './recorded.ts';

describe('ports and volumes of servers that run in OpenStack', () => {
  let fixture: OpenStackFixture;
  let vim: Vim;

  beforeEach(async () => {
    fixture = await OpenStackFixture.start();
    vim = fixture.connect();
  });
  afterEach(() => fixture.close());

  it('are asked for by their ids', async () => {
    fixture.cloud.script('POST', '/v2.1/servers/s1/os-volume_attachments', 'nova-attach-volume');
    fixture.cloud.script('POST', '/v2.1/servers/s1/os-interface', 'nova-attach-port');
    fixture.cloud.script('DELETE', '/v2.1/servers/s1/os-volume_attachments/v1', 'nova-detach-volume');
    fixture.cloud.script('DELETE', '/v2.1/servers/s1/os-interface/p1', 'nova-detach-port');
    await vim.attach('s1', { kind: 'volume', id: 'v1' }, signal);
    await vim.attach('s1', { kind: 'port', id: 'p1' }, signal);
    await vim.detach('s1', { kind: 'volume', id: 'v1' }, signal);
    await vim.detach('s1', { kind: 'port', id: 'p1' }, signal);
    const sent = fixture.cloud.seen.filter(({ path }) => path.startsWith('/v2.1/servers/s1/'));
    expect(sent.map(({ method, body }) => [method, body])).to.deep.equal([
      ['POST', { volumeAttachment: { volumeId: 'v1' } }],
      ['POST', { interfaceAttachment: { port_id: 'p1' } }],
      ['DELETE', undefined],
      ['DELETE', undefined],
    ]);
  });

  const states = [
    ['volume', 'cinder-volume-attaching', 'changing'],
    ['volume', 'cinder-volume-attached', 'attached'],
    ['volume', 'cinder-volume-detaching', 'changing'],
    ['volume', 'cinder-volume', 'detached'],
    ['volume', 'cinder-volume-gone', 'detached'],
    ['port', 'neutron-port-attached', 'attached'],
    ['port', 'neutron-port-detached', 'detached'],
    ['port', 'neutron-port-gone', 'detached'],
  ] as const;
  for (const [kind, answer, state] of states) {
    it(`are ${state} by ${answer}`, async () => {
      const { response } = recorded(answer);
      const server =
        member(response, 'volume.attachments.0.server_id') ?? (member(response, 'port.device_id') || 'another');
      const { path } = recorded(kind === 'port' ? 'neutron-port-attached' : 'cinder-volume-attached').request;
      const id = path.split('/').at(-1) ?? '';
      // The token of the stand-in is for another project than the recordings are of.
      const project = String(member(recorded('keystone-token').response, 'token.project.id'));
      fixture.cloud.script('GET', path.replace(/^\/v3\/\w+/, `/v3/${project}`), answer, answer);
      expect(await vim.attachmentState(server as string, { kind, id }, signal)).to.equal(state);
      if (state === 'attached')
        expect(await vim.attachmentState('another', { kind, id }, signal), 'to another').to.equal('detached');
    });
  }

  const refusals: readonly (readonly [string, VimErrorKind, RegExp])[] = [
    ['nova-attach-volume-in-use', 'refused', /is already attached to instances/],
    ['nova-attach-volume-gone', 'not-found', /Volume .* could not be found/],
    ['nova-attach-volume-building', 'conflict', /while it is in vm_state building/],
    ['nova-attach-port-in-use', 'conflict', /Port .* is still in use/],
    ['nova-attach-port-gone', 'not-found', /Port id .* could not be found/],
    ['nova-detach-volume-gone', 'not-found', /is not attached to volume/],
    ['nova-detach-root', 'refused', /Cannot detach a root device volume/],
  ];
  for (const [answer, kind, message] of refusals) {
    it(`${answer}: ${kind}, with the word of Nova`, async () => {
      const what = { kind: answer.includes('port') ? 'port' : 'volume', id: 'x' } as const;
      const path = `/v2.1/servers/s1/${what.kind === 'port' ? 'os-interface' : 'os-volume_attachments'}`;
      const { method } = recorded(answer).request;
      fixture.cloud.script(method, method === 'POST' ? path : `${path}/x`, answer);
      const call = method === 'POST' ? vim.attach('s1', what, signal) : vim.detach('s1', what, signal);
      expect((await failureOf(call, kind)).message).to.match(message);
    });
  }
});
