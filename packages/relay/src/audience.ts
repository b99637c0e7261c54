import { type AwarenessEntry, encodeAwareness, encodeAwarenessFrame, encodeUpdate, Presence } from '@holdfast/protocol'
import type { Member } from './member.ts'
import { type Accepted, isOfOne } from './writes.ts'

/** Who is in one room and hears what happens there. A brief member counts, and hears nothing. */
export class Audience {
  readonly presence = new Presence()
  readonly #members = new Set<Member>()

  get size(): number {
    return this.#members.size
  }

  has(member: Member): boolean {
    return this.#members.has(member)
  }

  /** As it is now: whoever is told something may leave. */
  all(): readonly Member[] {
    return [...this.#members]
  }

  enter(member: Member): void {
    this.#members.add(member)
    if (member.isBrief !== true) this.presence.join(member)
  }

  /** @returns what is to be told to the others: that its presence has ended, if it had one */
  leave(member: Member): AwarenessEntry | null {
    this.#members.delete(member)
    return this.presence.leave(member)
  }

  /** W2. A batch of one sender is not shown to it; of several, to all, for whom their own part is no news. */
  show(batch: readonly Accepted<Member>[], update: Uint8Array, seq: number): void {
    const only = isOfOne(batch) ? batch[0]!.from : null
    let made: Uint8Array | null = null
    const frame = (): Uint8Array => {
      made ??= encodeUpdate(update)
      return made
    }
    for (const member of this.#members) {
      if (member !== only && member.isBrief !== true) member.update(update, frame, seq)
    }
  }

  /** W10: everybody, the speaker too. */
  tell(entry: AwarenessEntry): void {
    const update = encodeAwareness([entry])
    const frame = encodeAwarenessFrame(update)
    for (const member of this.#members) if (member.isBrief !== true) member.awareness(frame, update)
  }
}
