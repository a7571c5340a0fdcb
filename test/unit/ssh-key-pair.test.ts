import { expect } from 'chai';
import { makeSshKeyPair, sshKeyFault } from '../../src/ssh-key-pair.ts';

describe('SSH key pairs', () => {
  it('can be used, every one of them', function () {
    this.timeout(60_000);
    // One of 256 public keys begins with a zero byte: among so many there is none with a probability of 0.0004.
    const faults = Array.from({ length: 2_000 }, () => makeSshKeyPair('ed25519')).flatMap((pair) => [
      sshKeyFault(pair.private) ?? [],
      sshKeyFault(pair.public) ?? [],
    ]);
    expect(faults.flat()).to.deep.equal([]);
  });

  it('are refused where a zero byte of the public key is missing', () => {
    const name = Buffer.from('ssh-ed25519');
    const short = Buffer.concat([Buffer.from([0, 0, 0, 11]), name, Buffer.from([0, 0, 0, 31]), Buffer.alloc(31, 7)]);
    expect(sshKeyFault(`ssh-ed25519 ${short.toString('base64')}`)).to.be.a('string');
  });
});
