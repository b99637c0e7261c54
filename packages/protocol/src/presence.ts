import type { AwarenessEntry } from './awareness.ts'

/** How many clients that have left are remembered. */
const REMEMBERED = 4096

/** A connection of a room, as far as awareness goes: any object, compared by identity. */
export type Speaker = object

interface Voice {
  readonly speaker: Speaker
  /** The last state heard; null when it has taken it back. */
  entry: AwarenessEntry
}

interface Member {
  /** The one client this connection speaks for, once it has announced it. */
  client: number | null
  /** The client in its very first frame, if it was alone there: a client that comes back before its old connection is known dead. */
  claim: number | null
  heard: boolean
  /** How many clients had spoken in this room before it came. */
  readonly since: number
}

/** What the others, and the speaker itself, are to be sent. */
export type Heard = AwarenessEntry | null

/**
 * Who is in a room and what each says of itself (SPEC W10). A connection speaks for one client: the first that it
 * announces and that nobody else has spoken for since it came (or that it came with). Stock clients send back what they hear of others, so
 * everything else it says is ignored, and is no offence.
 */
export class Presence {
  readonly #members = new Map<Speaker, Member>()
  readonly #voices = new Map<number, Voice>()
  /** When each client that has left did so, by `#spoken`; oldest first. */
  readonly #left = new Map<number, number>()
  #events = 0

  join(speaker: Speaker): void {
    this.#members.set(speaker, { client: null, claim: null, heard: false, since: this.#events })
  }

  /** @returns what is to be told: its own entry when it has one that is news */
  hear(speaker: Speaker, entries: readonly AwarenessEntry[]): Heard {
    const member = this.#members.get(speaker)
    if (member === undefined) return null
    const [first, second] = entries
    if (!member.heard && first !== undefined && second === undefined && first.state !== null)
      member.claim = first.client
    member.heard = true
    for (const entry of entries) {
      if (member.client === null && entry.state !== null && this.#isFree(entry.client, member)) {
        member.client = entry.client
        this.#left.delete(entry.client)
      }
      if (entry.client === member.client) return this.#take(speaker, entry)
    }
    return null
  }

  /** @returns the removal of its state, if it had one */
  leave(speaker: Speaker): Heard {
    const member = this.#members.get(speaker)
    this.#members.delete(speaker)
    if (member === undefined || member.client === null) return null
    const voice = this.#voices.get(member.client)
    if (voice === undefined || voice.speaker !== speaker) return null
    this.#voices.delete(member.client)
    this.#remember(member.client)
    return voice.entry.state === null ? null : { client: voice.entry.client, clock: voice.entry.clock, state: null }
  }

  /** The states of everybody who has one. */
  entries(): AwarenessEntry[] {
    const entries: AwarenessEntry[] = []
    for (const { entry } of this.#voices.values()) if (entry.state !== null) entries.push(entry)
    return entries
  }

  /** Nobody speaks for the client, and nobody has since this member came: what it heard of others is not its own. */
  #isFree(client: number, member: Member): boolean {
    if (this.#voices.has(client)) return false
    const left = this.#left.get(client)
    return left === undefined || left <= member.since || member.claim === client
  }

  #take(speaker: Speaker, entry: AwarenessEntry): Heard {
    // Views of a received message would keep all of it alive.
    const kept: AwarenessEntry = { client: entry.client, clock: entry.clock, state: entry.state?.slice() ?? null }
    const voice = this.#voices.get(entry.client)
    if (voice === undefined) {
      this.#voices.set(entry.client, { speaker, entry: kept })
      return kept
    }
    // A state that was overtaken is still echoed, with what is known by now.
    const isNews = entry.clock > voice.entry.clock || (entry.clock === voice.entry.clock && entry.state === null)
    if (isNews) voice.entry = kept
    return voice.entry
  }

  #remember(client: number): void {
    this.#events += 1
    this.#left.set(client, this.#events)
    if (this.#left.size > REMEMBERED) {
      const oldest = this.#left.keys().next()
      if (!oldest.done) this.#left.delete(oldest.value)
    }
  }
}
