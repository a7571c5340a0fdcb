import { expect } from 'chai';
import { certificatesIn } from '../../../../src/vim/openstack/certificates.ts';
import { makeAuthority } from './authority.ts';
import { OpenStackFixture, failureOf, signal } from './openstack-fixture.ts';

describe('certificates of authorities', () => {
  let one: string;
  let other: string;
  before(async () => {
    [one, other] = (await Promise.all([makeAuthority('own'), makeAuthority('others')])).map(({ cert }) =>
      cert.trim(),
    ) as [string, string];
  });

  it('are taken out of what stands around them', () => {
    expect(certificatesIn(`# ours\n${one}\n\n# theirs\n${other}`, 'f').trim()).to.equal(`${one}\n${other}`);
  });

  it('are told apart from what is none, by number', () => {
    expect(() => certificatesIn('# nothing here', 'the file')).to.throw(
      'the file holds no certificate: PEM is expected, from -----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----.',
    );
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
    expect(() => certificatesIn(`${one}\n${broken}`, 'the file')).to.throw(
      /^Certificate 2 of 2 in the file cannot be read: /,
    );
  });
});

describe('accounts of OpenStack', () => {
  it('each trust the authorities that they name, and all others those of the adapter', async () => {
    const [own, others] = await Promise.all([makeAuthority('own'), makeAuthority('others')]);
    const fixture = await OpenStackFixture.start(own);
    try {
      const trusting = fixture.connect({ caCertificate: own.cert }, { ca: others.cert });
      expect(await trusting.listServers(signal)).to.deep.equal([]);
      const both = fixture.connect({ caCertificate: `${others.cert}\n${own.cert}` });
      expect(await both.listServers(signal)).to.deep.equal([]);
      expect(await fixture.connect({}, { ca: own.cert }).listServers(signal)).to.deep.equal([]);
      const mistrusting = fixture.connect({ caCertificate: others.cert }, { ca: own.cert });
      const error = await failureOf(mistrusting.listServers(signal), 'unreachable');
      expect(error.message).to.match(/^The certificate of https:.* is not accepted: /);
      expect(() => fixture.connect({ caCertificate: 'none' })).to.throw(/^ca-certificate holds no certificate: /);
    } finally {
      await fixture.close();
    }
  });

  it('each use the endpoints that they name, and are told which there are', async () => {
    const fixture = await OpenStackFixture.start();
    try {
      fixture.cloud.place({ region: 'West', interface: 'internal' });
      expect(await fixture.connect({ interface: 'internal' }).listServers(signal)).to.deep.equal([]);
      expect(await fixture.connect({}, { face: 'internal' }).listServers(signal)).to.deep.equal([]);
      const account = { interface: 'admin', region: 'West' } as const;
      const error = await failureOf(fixture.connect(account, { face: 'internal' }).discover(signal), 'refused');
      expect(error.message).to.equal(
        "Keystone's catalogue has no admin endpoint of type compute in region 'West'; there it is internal.",
      );
    } finally {
      await fixture.close();
    }
  });
});
