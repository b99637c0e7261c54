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

  /** Whether anybody else would be shown it before it is durable. */
  hearsAhead(batch: readonly Accepted<Member>[]): boolean {
    const only = senderOf(batch)
    for (const member of this.#members) if (member !== only && member.hearsAhead === true) return true
    return false
  }

  /** W2: what is written and not yet durable, to those who hear such. As `show`. */
  showAhead(batch: readonly Accepted<Member>[], update: Uint8Array): void {
    this.#pass(batch, update, 0, (member) => member.hearsAhead === true)
  }

  /**
   * W2. A batch of one sender is not shown to it; of several, to all, for whom their own part is no news.
   * @param wasShown to those who hear ahead
   */
  show(batch: readonly Accepted<Member>[], update: Uint8Array, seq: number, wasShown: boolean): void {
    this.#pass(batch, update, seq, (member) => !(wasShown && member.hearsAhead === true))
  }

  #pass(
    batch: readonly Accepted<Member>[],
    update: Uint8Array,
    seq: number,
    isTold: (member: Member) => boolean,
  ): void {
    const only = senderOf(batch)
    let made: Uint8Array | null = null
    const frame = (): Uint8Array => {
      made ??= encodeUpdate(update)
      return made
    }
    for (const member of this.#members) {
      if (member !== only && member.isBrief !== true && isTold(member)) member.update(update, frame, seq)
    }
  }

  /** W10: everybody, the speaker too. */
  tell(entry: AwarenessEntry): void {
    const update = encodeAwareness([entry])
    const frame = encodeAwarenessFrame(update)
    for (const member of this.#members) if (member.isBrief !== true) member.awareness(frame, update)
  }
}

/** Null when they are of several. */
function senderOf(batch: readonly Accepted<Member>[]): Member | null {
  return isOfOne(batch) ? batch[0]!.from : null
}
