/** Who is favoured, and who has to give way. */
import { expect } from 'chai';
import { HIGH, LOW, NORMAL } from '../../../src/engine/entities.ts';
import { byMerit, whoGivesWay } from '../../../src/engine/merit.ts';
import type { Merited } from '../../../src/engine/merit.ts';

describe('the order of merit', () => {
  it('is by class, then by age, then by id', () => {
    const inOrder: readonly Merited[] = [
      { id: 'z', priority: HIGH, createdOn: 9 },
      { id: 'y', priority: NORMAL, createdOn: 3 },
      { id: 'w', priority: NORMAL, createdOn: 5 },
      { id: 'x', priority: NORMAL, createdOn: 5 },
      { id: 'a', priority: LOW, createdOn: 1 },
    ];
    for (const [place, a] of inOrder.entries()) {
      for (const [other, b] of inOrder.entries()) {
        expect(Math.sign(byMerit(a, b)), `${a.id} and ${b.id}`).to.equal(Math.sign(place - other));
      }
    }
  });
});

describe('who gives way', () => {
  /** Of amounts that are to be kept in this order, within so much. */
  const leaving = (amounts: readonly number[], room: number): { leave: number[]; kept: number } => {
    let kept = 0;
    const leave = whoGivesWay(amounts, {
      putBack: (amount) => void (kept += amount),
      takeAway: (amount) => void (kept -= amount),
      fits: () => kept <= room,
    });
    return { leave, kept };
  };

  it('is nobody where all fit', () => {
    expect(leaving([3, 2, 1], 6)).to.deep.equal({ leave: [], kept: 6 });
  });

  it('is everybody where none fits', () => {
    expect(leaving([3, 2, 1], 0)).to.deep.equal({ leave: [3, 2, 1], kept: 0 });
  });

  it('is not who fits beside those that are better, though a better one does not', () => {
    expect(leaving([3, 4, 2, 2], 6)).to.deep.equal({ leave: [4, 2], kept: 5 });
  });
});
