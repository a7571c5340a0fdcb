/** What a VIM has still to be told of an allocation, and what it has still to answer. */
import { expect } from 'chai';
import type { MachineAllocation, PendingAttachment, ResourceAllocation } from '../../../src/engine/entities.ts';
import { isOutstanding, isUnanswered, nextPending, pendingExtension } from '../../../src/engine/outstanding.ts';
import { MACHINE, VOLUME } from './allocation-records.ts';

const FAULT = { message: 'no', occurredOn: 1 };
const FAILED: PendingAttachment = { kind: 'port', id: 'p1', action: 'attach', fault: FAULT };
const FIRST: PendingAttachment = { kind: 'volume', id: 'v1', action: 'attach' };
const SECOND: PendingAttachment = { kind: 'volume', id: 'v2', action: 'detach' };

/** Whether something is outstanding, and whether it is unanswered. */
const both = (allocation: MachineAllocation | ResourceAllocation): [boolean, boolean] => [
  isOutstanding(allocation),
  isUnanswered(allocation),
];

describe('what a VIM has still to be told', () => {
  it('is nothing of what is as it should be', () => {
    for (const each of [MACHINE, VOLUME]) {
      expect(nextPending(each)).to.equal(undefined);
      expect(pendingExtension(each)).to.equal(undefined);
      expect(both(each)).to.deep.equal([false, false]);
    }
  });

  it('is that something is to be made or deleted', () => {
    expect(both({ ...MACHINE, intent: 'create' })).to.deep.equal([true, true]);
    expect(both({ ...VOLUME, vmState: 'DELETING', intent: 'delete' })).to.deep.equal([true, true]);
  });

  it('is what a machine is given or loses, one after the other, save what failed', () => {
    const machine = { ...MACHINE, pending: [FAILED, FIRST, SECOND] };
    expect(nextPending(machine)).to.equal(FIRST);
    expect(both(machine)).to.deep.equal([true, true]);
    expect(nextPending({ ...MACHINE, pending: [FAILED] })).to.equal(undefined);
    expect(both({ ...MACHINE, pending: [FAILED] })).to.deep.equal([false, false]);
  });

  it('is the larger size of a volume until the VIM has accepted it, unless it failed', () => {
    const asked = { ...VOLUME, extension: { sizeGb: 20 } };
    expect(pendingExtension(asked)).to.equal(asked.extension);
    expect(both(asked)).to.deep.equal([true, true]);
    const accepted: ResourceAllocation = { ...VOLUME, extension: { sizeGb: 20, accepted: true } };
    expect(both(accepted)).to.deep.equal([true, false]);
    expect(both({ ...VOLUME, extension: { sizeGb: 20, fault: FAULT } })).to.deep.equal([false, false]);
  });

  it('is nothing more of what is being deleted', () => {
    const machine: MachineAllocation = { ...MACHINE, vmState: 'DELETING', pending: [FIRST] };
    expect(nextPending(machine)).to.equal(undefined);
    expect(both(machine)).to.deep.equal([false, false]);
    const volume: ResourceAllocation = { ...VOLUME, vmState: 'DELETING', extension: { sizeGb: 20 } };
    expect(pendingExtension(volume)).to.equal(undefined);
    expect(both(volume)).to.deep.equal([false, false]);
  });
});
