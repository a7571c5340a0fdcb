/** Who made room for something that was granted, as its record keeps it for `explain`. */
import type { Moved } from './admission.ts';
import type { Id, RoomMade } from './entities.ts';
import type { FoundRoom } from './preemption.ts';
import type { Head } from './state.ts';

/** What has come of those who made room, once all of it is put: of those who gave way, some found another place. */
export function roomMade(
  { reservations }: Head,
  room: FoundRoom | undefined,
  withdrawn: readonly Id[],
  moves: readonly Moved[] = [],
): RoomMade {
  const gaveWay = (room?.reservations ?? []).map(({ id }) => id);
  const lost = new Set(gaveWay.filter((id) => reservations.get(id)?.status === 'preempted'));
  return {
    reservations: [...lost],
    machines: [...withdrawn, ...(room?.machines ?? []).map(({ id }) => id)],
    moved: [...moves.map(({ id }) => id), ...gaveWay.filter((id) => !lost.has(id))],
  };
}

/** Something with what was made in room for it, beside what was made before; itself where nobody made any. */
export function withRoom<T extends { readonly room?: RoomMade }>(granted: T, more: RoomMade): T {
  const { room: before = {} } = granted;
  const room: RoomMade = {
    ...union('reservations', before.reservations, more.reservations),
    ...union('machines', before.machines, more.machines),
    ...union('moved', before.moved, more.moved),
  };
  return Object.keys(room).length === 0 ? granted : { ...granted, room };
}

function union(kind: keyof RoomMade, before: readonly Id[] = [], more: readonly Id[] = []): RoomMade {
  const all = [...new Set([...before, ...more])];
  return all.length === 0 ? {} : { [kind]: all };
}
