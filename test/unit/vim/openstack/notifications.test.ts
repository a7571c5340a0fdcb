import { expect } from 'chai';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Notifications, decodeNotification } from '../../../../src/vim/openstack/notifications.ts';

/** As oslo.messaging sends it. */
function envelope(type: string, payload: unknown): unknown {
  const text = JSON.stringify({ event_type: type, payload, priority: 'INFO', publisher_id: 'nova-compute:compute1' });
  // The client hands over bytes: oslo.messaging names an encoding.
  return Buffer.from(JSON.stringify({ 'oslo.version': '2.0', 'oslo.message': text }));
}

describe("Nova's notifications", () => {
  it('name the server that changed, in both formats', () => {
    const found = { about: 'server', project: 'p1', server: 's1' };
    const plain = { instance_id: 's1', tenant_id: 'p1', state: 'active' };
    const versioned = { 'nova_object.data': { uuid: 's1', tenant_id: 'p1', state: 'active' } };
    for (const what of ['create.end', 'delete.end', 'update'])
      expect(decodeNotification(envelope(`compute.instance.${what}`, plain)), what).to.deep.equal(found);
    for (const what of ['create.end', 'create.error', 'delete.end', 'update'])
      expect(decodeNotification(envelope(`instance.${what}`, versioned)), what).to.deep.equal(found);
  });

  it('tell of compute services', () => {
    const payload = { 'nova_object.data': { host: 'compute1', binary: 'nova-compute', forced_down: true } };
    expect(decodeNotification(envelope('service.update', payload))).to.deep.equal({ about: 'service' });
  });

  it('are passed over while a server is being built, when they are about something else, and in other forms', () => {
    const building = { instance_id: 's1', tenant_id: 'p1', state: 'building' };
    expect(decodeNotification(envelope('compute.instance.update', building))).to.equal(undefined);
    expect(decodeNotification(envelope('keypair.create.end', {}))).to.equal(undefined);
    expect(decodeNotification(envelope('instance.update', { unknown: true }))).to.equal(undefined);
    for (const odd of [undefined, 'text', Buffer.from('x'), {}, { 'oslo.version': '2.0', 'oslo.message': '{' }])
      expect(decodeNotification(odd)).to.equal(undefined);
  });

  it('that do not come are told once, without the password', async () => {
    // What is no broker ends the connection, again and again.
    const server = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const told: string[] = [];
    const notifications = new Notifications({
      sources: [{ url: `amqp://nova:very%20secret@127.0.0.1:${port}/`, exchange: 'nova' }],
      onTrouble: (source, message) => told.push(`${source} ${message}`),
    });
    for (let time = 0; time < 2; time += 1) await once(server, 'connection');
    await notifications.close();
    await new Promise((resolve) => server.close(resolve));
    expect(told).to.have.length(1);
    expect(told[0])
      .to.include(`127.0.0.1:${port}`)
      .and.not.match(/secret/);
  });
});
