import { expect } from 'chai';
import type { Vim, VimErrorKind } from '../../../../src/vim/vim.ts';
import { OpenStackFixture, failureOf, signal } from './openstack-fixture.ts';

const PROJECT = '7d1751927ddf4d7ab5015644312548d8';
const VOLUME = `/v3/${PROJECT}/volumes/v1`;
const MESSAGES = `/v3/${PROJECT}/messages`;

describe('extending volumes of OpenStack', () => {
  let fixture: OpenStackFixture;
  let vim: Vim;

  beforeEach(async () => {
    fixture = await OpenStackFixture.start();
    vim = fixture.connect();
  });
  afterEach(() => fixture.close());

  it('asks for the size, by the microversion that extends what a server has', async () => {
    fixture.cloud.script('POST', `${VOLUME}/action`, 'cinder-extend');
    await vim.extendVolume('v1', 3, signal);
    const [asked] = fixture.cloud.asked('POST', `${VOLUME}/action`);
    expect(asked?.body).to.deep.equal({ 'os-extend': { new_size: 3 } });
    expect(asked?.headers['openstack-api-version']).to.equal('volume 3.42');
  });

  const refusals: readonly (readonly [string, VimErrorKind, RegExp])[] = [
    ['cinder-extend-not-available', 'refused', /status must be .* to extend, currently creating/],
    ['cinder-extend-smaller', 'refused', /New size for extend must be greater than current size/],
    ['cinder-extend-gone', 'not-found', /Volume .* could not be found/],
    ['cinder-extend-over-quota', 'over-quota', /exceeds allowed gigabytes quota/],
    ['cinder-extend-over-limit', 'over-quota', /larger than maximum allowed limit 5G/],
  ];
  for (const [answer, kind, message] of refusals) {
    it(`answers ${answer} with ${kind}, outcome known`, async () => {
      fixture.cloud.script('POST', `${VOLUME}/action`, answer);
      const error = await failureOf(vim.extendVolume('v1', 3, signal), kind);
      expect(error.message)
        .to.match(message)
        .and.match(/^Cinder: /);
      expect(error.outcomeUnknown).to.equal(false);
    });
  }

  it('answers a conflict as one, and does not know the outcome of what is not answered, nor ask again', async () => {
    const response = { conflictingRequest: { code: 409, message: 'Conflict.' } };
    fixture.cloud.script('POST', `${VOLUME}/action`, { status: 409, response }, 'break');
    await failureOf(vim.extendVolume('v1', 3, signal), 'conflict');
    const lost = await failureOf(fixture.passing(vim.extendVolume('v1', 3, signal)), 'timeout');
    expect(lost.outcomeUnknown).to.equal(true);
    expect(fixture.cloud.asked('POST', `${VOLUME}/action`)).to.have.length(2);
  });

  it('tells how far it is', async () => {
    fixture.cloud.script('GET', VOLUME, 'cinder-volume-extending', 'cinder-volume-larger');
    const underWay = await vim.volumeExtension('v1', 3, signal);
    expect([underWay.extending, underWay.volume.sizeGb, underWay.volume.status]).to.deep.equal([true, 1, 'ACTIVE']);
    const done = await vim.volumeExtension('v1', 3, signal);
    expect([done.extending, done.volume.sizeGb, done.volume.status]).to.deep.equal([false, 3, 'ACTIVE']);
    expect(fixture.cloud.asked('GET', MESSAGES), 'nothing is to be explained').to.deep.equal([]);
  });

  it('tells what Cinder says of one that failed, and nothing that it says of something else', async () => {
    fixture.cloud.script('GET', VOLUME, 'cinder-volume-extend-failed', 'cinder-volume-larger', 'cinder-volume-gone');
    fixture.cloud.script('GET', MESSAGES, 'cinder-extend-messages', 'cinder-messages');
    const failed = await vim.volumeExtension('v1', 9, signal);
    expect(failed).to.deep.include({
      extending: false,
      failure: 'extend volume:Volume Driver failed to extend volume.',
    });
    expect(failed.volume).to.include({ status: 'ERROR' }).and.to.have.nested.property('fault.message', failed.failure);
    expect(await vim.volumeExtension('v1', 9, signal)).to.not.have.property('failure');
    await failureOf(vim.volumeExtension('v1', 9, signal), 'not-found');
  });
});
