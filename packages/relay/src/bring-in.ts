import type { Ahead, DocumentRef, Shown } from '@holdfast/update-log'
import type { Member } from './member.ts'
import type { Room } from './room.ts'
import type { Rooms } from './rooms.ts'

export interface BroughtIn {
  /** Updates that a process before this one had shown, and of how many documents. */
  readonly updates: number
  readonly documents: number
  /** Those that were not durable, and are now. */
  readonly stored: number
  /** Those that are there still: what they belong to cannot be read or written now. It is tried again later, and by the next start. */
  readonly kept: number
}

/** Updates of one document that were shown and may not be durable, oldest first. */
export interface Left {
  readonly ref: DocumentRef
  readonly epoch: string
  readonly updates: readonly Uint8Array[]
}

/**
 * Stores what a process that was killed had shown and not made durable (W2). Judged like what anybody sends: what is there already brings nothing, what
 * was purged is refused, and of what a power cut left only what is causally complete is taken (W5).
 */
export async function bringIn(ahead: Ahead, rooms: Rooms): Promise<BroughtIn> {
  const { left } = ahead
  const updates = left.length
  const documents = byDocument(left)
  const results = await Promise.all(documents.map((one) => bringInOne(one, rooms)))
  const stored = results.reduce((total, result) => total + result.stored, 0)
  const kept = results.reduce((total, result) => total + result.kept.length, 0)
  if (updates > kept) ahead.release(updates - kept)
  for (const [i, result] of results.entries()) rooms.keep({ ...documents[i]!, updates: result.kept })
  return { updates, documents: documents.length, stored, kept }
}

function byDocument(left: readonly Shown[]): Left[] {
  const found = new Map<string, Left & { readonly updates: Uint8Array[] }>()
  for (const { space, document, epoch, update } of left) {
    const key = `${space}/${document}/${epoch}`
    const one = found.get(key) ?? { ref: { space, document }, epoch, updates: [] }
    one.updates.push(update)
    found.set(key, one)
  }
  return [...found.values()]
}

export interface Result {
  readonly stored: number
  /** Those that can be neither stored nor given up now. */
  readonly kept: readonly Uint8Array[]
}

export function bringInOne({ ref, epoch, updates }: Left, rooms: Rooms): Promise<Result> {
  return new Promise((resolve) => {
    const member: Member = {
      epoch,
      isBrief: true,
      isOld: true,
      // A room that is open says so while it is joined.
      loaded: () => queueMicrotask(() => resolve(store(room, member, updates, epoch))),
      failed: (why) => resolve({ stored: 0, kept: why === 'purged' ? [] : updates }),
      update: () => undefined,
      awareness: () => undefined,
    }
    const room: Room = rooms.join(ref, member)
  })
}

/** The same name under another epoch is another document, and this one is gone. */
async function store(room: Room, member: Member, updates: readonly Uint8Array[], epoch: string): Promise<Result> {
  let stored = 0
  const kept: Uint8Array[] = []
  for (const update of room.epoch === epoch ? updates : []) {
    const decision = room.judging.judge(update, true)
    if (decision?.kind === 'store') {
      stored += 1
      room.store(decision.update, member)
    } else if (decision === null || decision.kind === 'full' || decision.kind === 'too-costly') {
      kept.push(update)
    }
  }
  const isDurable = await new Promise<boolean>((settle) => {
    room.whenDurable(
      () => settle(true),
      () => settle(false),
    )
  })
  room.leave(member)
  return isDurable ? { stored, kept } : { stored: 0, kept: updates }
}
