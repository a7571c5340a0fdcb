/**
 * A cloud in a process of its own, with an authority of its own: stand-in-process.ts REGION INTERFACE
 * Sends its address and its certificate when it listens. It is told `down` and `up`, and asked for `servers`; each is answered.
 */
import { makeAuthority } from '../unit/vim/openstack/authority.ts';
import { StandIn } from '../unit/vim/openstack/stand-in.ts';

const [, , region = '', face = ''] = process.argv;
if (face !== 'public' && face !== 'internal' && face !== 'admin') throw new Error(`${face} is no interface`);
const authority = await makeAuthority(region);
const cloud = await StandIn.start(authority);
cloud.place({ region, interface: face });
process.on('message', (what) => {
  void (async () => {
    if (what === 'down') await cloud.close();
    if (what === 'up') await cloud.comeBack();
    process.send?.({ servers: cloud.servers() });
  })();
});
process.on('disconnect', () => process.exit(0));
process.send?.({ endpoint: cloud.endpoint, certificate: authority.cert });
