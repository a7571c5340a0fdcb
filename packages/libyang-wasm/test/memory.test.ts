/** Nothing accumulates over 100,000 operations. MEMORY_OPERATIONS sets another number. */
import { expect } from 'chai';
import type { Context } from '../src/index.ts';
import { inventoryJson, makeContext, namespaces, refused, serverXml } from './support.ts';

const operations = Number(process.env.MEMORY_OPERATIONS ?? 100_000);

describe('memory', () => {
  let context: Context;
  before(() => {
    context = makeContext();
  });
  after(() => context.dispose());

  /** Runs `work` for a while, then often, and compares what is allocated after both. */
  const staysFlat = (times: number, work: (round: number) => void) => {
    for (let round = 0; round < 200; round += 1) work(round);
    const before = context.memory();
    for (let round = 0; round < times; round += 1) work(round);
    expect(context.memory()).to.deep.equal(before);
  };

  it(`is flat over ${operations} RPCs parsed, validated and freed`, function () {
    this.timeout(120_000);
    const rpc =
      '<rpc xmlns="urn:ietf:params:xml:ns:netconf:base:1.0" message-id="1">' +
      `<add-server ${namespaces}><name>n</name><address>10.0.0.1</address></add-server></rpc>`;
    staysFlat(operations, () => context.parseRpc(rpc, { format: 'xml', envelope: 'netconf' }).dispose());
  });

  it('is flat over everything else', function () {
    this.timeout(60_000);
    const server = "/example-inventory:inventory/server[name='s1']";
    const bad = serverXml('<port>22</port><peer>x</peer>');
    staysFlat(2000, (round) => {
      const tree = context.parseData(serverXml(`<tag>t${round % 7}</tag>`), { format: 'xml' });
      const other = context.parseData(inventoryJson([{ name: 's1', port: 7 }]), { format: 'json' });
      const difference = tree.diff(other);
      const copy = tree.duplicate();
      copy.applyDiff(difference);
      copy.merge(tree);
      copy.newPath(`${server}/load`, '3.5');
      copy.remove(`${server}/port`);
      copy.validate();
      copy.print({ format: 'json', withDefaults: 'report-all' });
      copy.find(`${server}/*`);
      copy.evaluate("concat('a', //name)");
      copy.nodes();
      for (const one of [tree, other, difference, copy]) one.dispose();
      refused(() => context.parseData(bad, { format: 'xml' }));
      refused(() => context.parseData('{"x":', { format: 'json' }));
      refused(() => context.rpcInput('<rpc/>', { format: 'xml', envelope: 'netconf' }));
      context.convertEdit(serverXml('<port nc:operation="delete"/>'), 'xml');
      refused(() => context.convertEdit(serverXml('<port nc:operation="merge"/>'), 'xml'));
      context.validateValue('/example-inventory:inventory/server/load', '1.0');
      context
        .parseReply('{"example-inventory:output":{"id":1}}', {
          format: 'json',
          envelope: 'restconf',
          path: '/example-inventory:add-server',
        })
        .dispose();
      refused(() =>
        context.parseReply('{"x', { format: 'json', envelope: 'restconf', path: '/example-inventory:add-server' }),
      );
    });
  });

  it('of contexts made and disposed of is given back', function () {
    this.timeout(60_000);
    // Each has 16 MiB of linear memory: without release, these are 3 GiB.
    for (let round = 0; round < 200; round += 1) makeContext({ modules: [{ name: 'example-kinds' }] }).dispose();
    expect(process.memoryUsage().rss).to.be.below(2 * 2 ** 30);
  });
});
