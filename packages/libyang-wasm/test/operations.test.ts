import { expect } from 'chai';
import type { Context } from '../src/index.ts';
import { inventoryJson, makeContext, namespaces, refused, refusedFirst } from './support.ts';

const netconf = 'urn:ietf:params:xml:ns:netconf:base:1.0';
const rpc = (content: string) => `<rpc xmlns="${netconf}" message-id="101">${content}</rpc>`;
const action = (name: string, input = '') =>
  `<action xmlns="urn:ietf:params:xml:ns:yang:1"><inventory ${namespaces}><server><name>${name}</name>` +
  `<reset>${input}</reset></server></inventory></action>`;
const addServer = (content: string) => `<add-server ${namespaces}>${content}</add-server>`;
const valid = '<name>n</name><address>10.0.0.1</address>';

describe('operations', () => {
  let context: Context;
  before(() => {
    context = makeContext();
  });
  after(() => context.dispose());

  describe('RPC calls', () => {
    const input = { name: 'n', address: '10.0.0.1', port: 830 };
    const calls = [
      ['bare XML', addServer(valid), { format: 'xml' }],
      ['NETCONF', rpc(addServer(valid)), { format: 'xml', envelope: 'netconf' }],
      [
        'RESTCONF XML',
        `<input ${namespaces}>${valid}</input>`,
        { format: 'xml', envelope: 'restconf', path: '/example-inventory:add-server' },
      ],
      ['bare JSON', '{"example-inventory:add-server":{"name":"n","address":"10.0.0.1"}}', { format: 'json' }],
      [
        'RESTCONF JSON',
        '{"example-inventory:input":{"name":"n","address":"10.0.0.1"}}',
        { format: 'json', envelope: 'restconf', path: '/example-inventory:add-server' },
      ],
    ] as const;
    for (const [name, text, options] of calls) {
      it(`${name}: the input with defaults`, () => {
        const result = context.rpcInput(text, { ...options, withDefaults: 'report-all' });
        expect(JSON.parse(result.json)).to.deep.equal(input);
        expect(result).to.include({
          name: 'add-server',
          module: 'example-inventory',
          path: '/example-inventory:add-server',
        });
      });
    }

    it('without input', () => {
      expect(context.rpcInput(rpc(`<ping ${namespaces}/>`), { format: 'xml', envelope: 'netconf' }).json).to.equal(
        '{}',
      );
    });

    it('prints the input as elements', () => {
      const tree = context.parseRpc(addServer(valid), { format: 'xml' });
      expect(tree.printBody({ format: 'xml' })).to.equal(
        '<name xmlns="urn:example:inventory">n</name><address xmlns="urn:example:inventory">10.0.0.1</address>',
      );
      tree.dispose();
    });

    it('keeps the attributes of the envelope', () => {
      const tree = context.parseRpc(rpc(addServer(valid)), { format: 'xml', envelope: 'netconf' });
      expect(tree.envelope).to.have.length(1);
      expect(tree.envelope[0]).to.deep.include({ name: 'rpc', kind: 'opaque' });
      expect(tree.envelope[0]?.metadata[0]).to.include({ name: 'message-id', value: '101' });
      tree.dispose();
    });

    it('names what is wrong with the input', () => {
      const wrong = (content: string) =>
        refusedFirst(() => context.rpcInput(rpc(addServer(content)), { format: 'xml', envelope: 'netconf' }));
      expect(wrong('<address>10.0.0.1</address>').message).to.contain('Mandatory node "name"');
      expect(wrong(`${valid}<port>x</port>`)).to.include({ dataPath: '/example-inventory:add-server/port' });
      expect(wrong('<name>forbidden</name><address>::1</address>').message).to.equal('That name is forbidden.');
      expect(wrong(`${valid}<nope/>`)).to.include({ validationCode: 'reference' });
    });

    it('refuses an unknown RPC, a wrong envelope, and what is no RPC', () => {
      const parse = (text: string) => refused(() => context.rpcInput(text, { format: 'xml', envelope: 'netconf' }));
      expect(parse(rpc(`<nope ${namespaces}/>`))).not.to.be.empty;
      expect(parse(addServer(valid))).not.to.be.empty;
      expect(parse(rpc(`<inventory ${namespaces}/>`))).not.to.be.empty;
      expect(parse(rpc(''))).not.to.be.empty;
      expect(parse(rpc('text'))).not.to.be.empty;
    });

    it('looks references up in the datastore', () => {
      const text = addServer(`${valid}<like>a</like>`);
      const datastore = context.parseData(inventoryJson([{ name: 'a' }]), { format: 'json' });
      expect(refusedFirst(() => context.rpcInput(text, { format: 'xml' }))).to.include({ appTag: 'instance-required' });
      expect(JSON.parse(context.rpcInput(text, { format: 'xml', datastore }).json)).to.include({ like: 'a' });
      datastore.dispose();
    });

    it('demands the path where the message does not name the operation', () => {
      expect(() => context.rpcInput('{}', { format: 'json', envelope: 'restconf' })).to.throw(TypeError, 'path');
      const options = { format: 'json', envelope: 'restconf', path: '/example-inventory:inventory' } as const;
      expect(refusedFirst(() => context.rpcInput('{}', options)).message).to.contain(
        'does not lead to an RPC or action',
      );
    });
  });

  describe('action calls', () => {
    const path = "/example-inventory:inventory/server[name='s1']/reset";

    it('from NETCONF', () => {
      const tree = context.parseAction(rpc(action('s1', '<delay>3</delay>')), { format: 'xml', envelope: 'netconf' });
      expect(tree.operation).to.deep.equal({ kind: 'action', name: 'reset', module: 'example-inventory', path });
      expect(JSON.parse(tree.printBody({ format: 'json' }))).to.deep.equal({ delay: 3 });
      tree.dispose();
    });

    it('from RESTCONF', () => {
      const result = context.rpcInput('{"example-inventory:input":{"delay":4}}', {
        format: 'json',
        envelope: 'restconf',
        path,
      });
      expect(result).to.deep.equal({ name: 'reset', module: 'example-inventory', path, json: '{"delay":4}' });
    });

    it('are told from RPCs', () => {
      expect(refusedFirst(() => context.parseAction(addServer(valid), { format: 'xml' })).message).to.contain(
        'is an RPC',
      );
    });

    for (const content of ['text', '<nope/>', '', action('s1').slice(0, -9)]) {
      it(`survive "${content.slice(0, 12)}" inside of the element`, () => {
        const text = rpc(`<action xmlns="urn:ietf:params:xml:ns:yang:1">${content}</action>`);
        expect(refused(() => context.rpcInput(text, { format: 'xml', envelope: 'netconf' }))).not.to.be.empty;
      });
    }
  });

  describe('replies', () => {
    const path = '/example-inventory:add-server';
    const reply = (content: string) => `<rpc-reply xmlns="${netconf}" message-id="101">${content}</rpc-reply>`;

    it('with data', () => {
      const output = { id: 7, note: ['a', 'b'] };
      const texts = [
        ['json', 'none', JSON.stringify({ 'example-inventory:id': 7, 'example-inventory:note': ['a', 'b'] })],
        ['json', 'restconf', JSON.stringify({ 'example-inventory:output': output })],
        ['xml', 'restconf', `<output ${namespaces}><id>7</id><note>a</note><note>b</note></output>`],
        ['xml', 'netconf', reply(`<id ${namespaces}>7</id><note ${namespaces}>a</note><note ${namespaces}>b</note>`)],
      ] as const;
      for (const [format, envelope, text] of texts) {
        const tree = context.parseReply(text, { format, envelope, path });
        expect(JSON.parse(tree.printBody({ format: 'json' })), `${envelope} ${format}`).to.deep.equal(output);
        tree.dispose();
      }
    });

    it('that say ok, or report an error', () => {
      const ok = context.parseReply(reply('<ok/>'), { format: 'xml', envelope: 'netconf', path });
      expect(ok.envelope[0]?.children.map((node) => node.name)).to.deep.equal(['ok']);
      ok.dispose();
      const error = '<rpc-error><error-type>application</error-type><error-tag>in-use</error-tag></rpc-error>';
      const failed = context.parseReply(reply(error), { format: 'xml', envelope: 'netconf', path });
      expect(failed.envelope[0]?.children[0]?.children.map((node) => node.value)).to.deep.equal([
        'application',
        'in-use',
      ]);
      failed.dispose();
    });

    it('are refused when a value is wrong', () => {
      const text = '{"example-inventory:output":{"id":-1}}';
      expect(refused(() => context.parseReply(text, { format: 'json', envelope: 'restconf', path }))).not.to.be.empty;
    });

    it('of an action', () => {
      const tree = context.parseReply('{"example-inventory:output":{"at":"2024-05-01T10:00:00Z"}}', {
        format: 'json',
        envelope: 'restconf',
        path: "/example-inventory:inventory/server[name='s1']/reset",
      });
      expect(JSON.parse(tree.printBody({ format: 'json' }))).to.deep.equal({ at: '2024-05-01T10:00:00+00:00' });
      tree.dispose();
    });
  });

  describe('notifications', () => {
    const time = '2024-05-01T10:00:00Z';
    const alarm = { severity: 3, server: 's1' };
    const element = `<alarm ${namespaces}><severity>3</severity><server>s1</server></alarm>`;
    const wrapped = (content: string) =>
      `<notification xmlns="urn:ietf:params:xml:ns:netconf:notification:1.0"><eventTime>${time}</eventTime>${content}</notification>`;

    it('bare, from NETCONF and from RESTCONF', () => {
      const texts = [
        ['xml', 'none', element],
        ['json', 'none', JSON.stringify({ 'example-inventory:alarm': alarm })],
        ['xml', 'netconf', wrapped(element)],
        [
          'json',
          'restconf',
          JSON.stringify({ 'ietf-restconf:notification': { eventTime: time, 'example-inventory:alarm': alarm } }),
        ],
      ] as const;
      for (const [format, envelope, text] of texts) {
        const tree = context.parseNotification(text, { format, envelope });
        expect(tree.operation).to.include({ kind: 'notification', name: 'alarm' });
        expect(JSON.parse(tree.printBody({ format: 'json' })), `${envelope} ${format}`).to.deep.equal(alarm);
        if (envelope !== 'none') {
          expect(tree.envelope[0]?.children.find((node) => node.name === 'eventTime')).to.include({ value: time });
        }
        tree.dispose();
      }
    });

    it('inside of data', () => {
      const text = `<inventory ${namespaces}><server><name>s1</name><overheated><celsius>90</celsius></overheated></server></inventory>`;
      const tree = context.parseNotification(text, { format: 'xml' });
      expect(tree.operation.path).to.equal("/example-inventory:inventory/server[name='s1']/overheated");
      tree.dispose();
    });

    it('are refused when they are not valid', () => {
      const text = wrapped(element.replace('3', '9'));
      expect(
        refusedFirst(() => context.parseNotification(text, { format: 'xml', envelope: 'netconf' })).message,
      ).to.contain('range');
      expect(refused(() => context.parseNotification(wrapped(''), { format: 'xml', envelope: 'netconf' }))).not.to.be
        .empty;
    });
  });
});
