import type { Connection } from './connection/port.ts'
import type { Glanced } from './connection/sync/glance.ts'
import type { SpaceConnection } from './connection/sync/port.ts'
import type { Clock, Locks } from './environment.ts'
import { judgeHolder, LEASE_MS, PATIENCE_MS } from './holder.ts'
import { createInquiry } from './inquiry.ts'
import type { Journal } from './journal-port.ts'
import type { List } from './list.ts'
import { createLockEnds } from './lock-ends.ts'
import type { DocumentRecord, WritingNote } from './persistence/port.ts'
import { leaseName } from './recovery.ts'

/** No channel was free, or the connection broke: again after this. In ms. */
const AGAIN_MS = 1_000
/** Told that nobody answers, it asks again after the time of a lease, and then after twice as long each time: so many times longer. */
const DOUBLINGS = 12
/** By then those who waited for the end of a lock have given it back. */
const MOMENT_MS = 50

export interface AnswersOptions {
  readonly space: string
  readonly list: List
  readonly journal: Pick<Journal, 'read'>
  readonly locks: Locks | null
  readonly clock: Clock
  /** This window writes a message of this conversation. */
  readonly isWriting: (id: string) => boolean
  /** It is open here, and somebody else in it says, or the relay does, that they answer. */
  readonly isAnswered: (id: string) => boolean
  readonly connection: () => Connection | null
  /** There is a relay, whether or not there is a way to it now. */
  readonly hasRelay: () => boolean
  /** What is marked is of a history that is over: positions of it are not to be told to the relay. */
  readonly isVoid: () => boolean
  /** Writes the end of what a dead window of this browser left. */
  readonly recover: (id: string) => Promise<void>
}

/**
 * Who answers in the conversations that the list calls streaming. A summary says what its writer last wrote: a window that died in
 * mid-answer leaves it streaming for ever, and a list knows no leases. So those few are looked into: by the locks and notes of this
 * browser, by what the relay says of leases when there was no news for a while, and without either by time (W12).
 */
export interface Answers {
  /** The list, the connection or what this window writes may be another. */
  poke(): void
  /** Word of a lease in this conversation, or of who is present in it. */
  heard(id: string): void
  close(): void
}

/** One conversation whose summary says that it streams. */
interface Suspect {
  there: number
  summary: Uint8Array | null
  here: boolean
  /** Was held in this browser as long as nothing of it came from elsewhere. */
  wasHere: boolean
  noted: boolean
  newsAt: number
  heldUntil: number
  freeAt: number
  /** How often in a row. */
  free: number
  /** The relay does not open it in this connection. */
  refused: boolean
  cancel: () => void
}

export function createAnswers(options: AnswersOptions): Answers {
  const { space, list, journal, locks, clock } = options
  const suspects = new Map<string, Suspect>()
  const ends = locks ? createLockEnds(locks) : null
  /** To be looked into when the pass under way is over. */
  const due = new Set<string>()
  const recovering = new Set<string>()
  let passing = false
  let closed = false
  /** The first list is of what this device knew before: no news. */
  let isFirst = true
  let reached: SpaceConnection | null = null

  const reachable = (): SpaceConnection | null => {
    const connection = options.connection()
    return connection?.kind === 'sync' && connection.state.get().kind === 'connected' && !options.isVoid()
      ? connection
      : null
  }

  const suspectOf = (record: DocumentRecord): Suspect => ({
    there: record.there,
    summary: record.summary,
    here: false,
    wasHere: false,
    noted: false,
    newsAt: isFirst ? clock.now() - PATIENCE_MS : clock.now(),
    heldUntil: 0,
    freeAt: Number.NEGATIVE_INFINITY,
    free: 0,
    refused: false,
    cancel: () => undefined,
  })

  /** Reads the locks and notes of this browser once for all that is due, and judges each. */
  const pass = async (): Promise<void> => {
    if (passing) return
    passing = true
    try {
      while (due.size > 0 && !closed) await passOnce()
    } finally {
      passing = false
    }
  }

  const passOnce = async (): Promise<void> => {
    const ids = [...due]
    due.clear()
    const held = [...((await locks?.held()) ?? [])]
    // A storage that cannot be read is the journal's matter. Without its notes the relay and time decide.
    const notes = locks ? await journal.read((handle) => handle.writing()).catch((): WritingNote[] => []) : []
    for (const id of ids) {
      const suspect = suspects.get(id)
      if (!suspect) continue
      const names = held.filter((name) => name.startsWith(leaseName(space, id, '')))
      suspect.here = options.isWriting(id) || names.length > 0
      suspect.wasHere ||= suspect.here
      suspect.noted = notes.some((note) => note.conversation === id)
      for (const name of names) awaitEnd(id, suspect, name)
      settle(id)
    }
  }

  const look = (id: string): void => {
    due.add(id)
    void pass()
  }

  const later = (id: string, suspect: Suspect, at: number): void => {
    suspect.cancel()
    suspect.cancel = clock.after(Math.max(0, at - clock.now()), () => look(id))
  }

  /** A lock goes when its window gives it back or dies; both are news. */
  const awaitEnd = (id: string, suspect: Suspect, name: string): void => {
    if (name.endsWith(':turn')) {
      // Asked for only if it is free: whoever waits for it would be in the way.
      later(id, suspect, clock.now() + LEASE_MS)
      return
    }
    ends?.watch(name, () => {
      const now = suspects.get(id)
      if (!now) return
      now.newsAt = clock.now()
      // Every window that waited for its end holds it for a moment now: looked at once, each would take the other for who answers, for ever.
      later(id, now, clock.now() + MOMENT_MS)
    })
  }

  const settle = (id: string): void => {
    const suspect = suspects.get(id)
    if (!suspect) return
    if (options.isAnswered(id)) suspect.heldUntil = Math.max(suspect.heldUntil, clock.now() + LEASE_MS)
    const connection = reachable()
    const isAskable = connection !== null && !suspect.refused && list.record(id)?.epoch != null
    // A note of a window that died before this one looked may be older than what another device did since: the relay knows.
    const isSure = suspect.wasHere || !options.hasRelay()
    const verdict = judgeHolder(
      { ...suspect, died: suspect.noted && (isSure || connection === null), reachable: isAskable },
      clock.now(),
    )
    switch (verdict.kind) {
      case 'live':
        list.judge(id, false)
        if (verdict.until !== null) later(id, suspect, verdict.until)
        return
      case 'ask':
        inquiry.ask(id)
        return
      case 'interrupted':
        list.judge(id, true)
        doubt(id, suspect)
        if (suspect.noted && (isSure || suspect.freeAt > suspect.newsAt)) recover(id)
    }
  }

  /** Whoever writes may have had no way to the relay when it was asked, and have nothing to say yet now that there is one. */
  const doubt = (id: string, suspect: Suspect): void => {
    suspect.cancel()
    if (suspect.freeAt === Number.NEGATIVE_INFINITY) return
    const wait = LEASE_MS * 2 ** Math.min(suspect.free - 1, DOUBLINGS)
    suspect.cancel = clock.after(suspect.freeAt + wait - clock.now(), () => {
      suspect.freeAt = Number.NEGATIVE_INFINITY
      look(id)
    })
  }

  const recover = (id: string): void => {
    if (recovering.has(id)) return
    recovering.add(id)
    void options.recover(id).finally(() => recovering.delete(id))
  }

  const onWord = (id: string, word: Glanced): void => {
    const suspect = suspects.get(id)
    if (!suspect) {
      inquiry.forget(id)
      return
    }
    if (word.kind === 'no-channel') {
      later(id, suspect, clock.now() + AGAIN_MS)
      return
    }
    suspect.free = word.kind === 'free' ? suspect.free + 1 : 0
    if (word.kind === 'held') suspect.heldUntil = clock.now() + word.ms
    else if (word.kind === 'free') suspect.freeAt = clock.now()
    else suspect.refused = true
    settle(id)
  }
  const inquiry = createInquiry({ list, journal, reachable, onWord })

  /** Whether the relay can be asked anew. */
  const isBack = (): boolean => {
    const before = reached
    reached = reachable()
    return reached !== null && reached !== before
  }

  return {
    poke: () => {
      if (closed) return
      const streaming = list.streaming()
      for (const [id, suspect] of suspects) {
        if (streaming.has(id)) continue
        suspect.cancel()
        suspects.delete(id)
        inquiry.forget(id)
      }
      const back = isBack()
      for (const id of streaming) {
        const record = list.record(id)
        if (!record) continue
        const suspect = suspects.get(id)
        if (!suspect) {
          suspects.set(id, suspectOf(record))
          look(id)
          continue
        }
        if (suspect.there !== record.there) suspect.wasHere = suspect.here
        if (suspect.there !== record.there || suspect.summary !== record.summary) {
          suspect.newsAt = clock.now()
          suspect.free = 0
          suspect.there = record.there
          suspect.summary = record.summary
          if (list.item(id)?.interrupted) look(id)
        }
        if (back) {
          suspect.freeAt = Number.NEGATIVE_INFINITY
          suspect.free = 0
          suspect.refused = false
          look(id)
        }
      }
      isFirst = false
    },
    heard: (id) => {
      const suspect = suspects.get(id)
      if (!suspect) return
      suspect.heldUntil = 0
      suspect.newsAt = clock.now()
      look(id)
    },
    close: () => {
      closed = true
      ends?.close()
      for (const [id, suspect] of suspects) {
        suspect.cancel()
        inquiry.forget(id)
      }
      suspects.clear()
    },
  }
}
