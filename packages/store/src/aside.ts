import { decodeSummary, readConversation } from '@holdfast/conversation'
import { refusalName } from '@holdfast/protocol'
import { digest } from 'lib0/hash/sha256'
import * as Y from 'yjs'
import { refusalReason } from './connection/sync/refusals.ts'
import type { Chance, Clock } from './environment.ts'
import { exportDocument } from './export.ts'
import { randomName } from './ids.ts'
import type { Journal } from './journal-port.ts'
import { compactUpdates } from './merge.ts'
import type { AsideNote, DocumentRecord } from './persistence/port.ts'
import { createSignal } from './signal.ts'
import type { Aside, AsideItem } from './types.ts'

export interface AsideKeeper extends Aside {
  /** Ends a document whose epoch is refused: what the relay does not have of it is kept here. */
  retire(id: string, code: number, text: string): Promise<void>
  /** Keeps the whole state of a document that is in memory. */
  keep(id: string, state: () => Uint8Array, code?: number): void
  load(): Promise<void>
  /** The storage is open again: reads what could not be read before. */
  reload(): void
  close(): void
}

export interface AsideOptions {
  readonly journal: Journal
  readonly clock: Clock
  readonly random: Chance
  readonly record: (id: string) => DocumentRecord | undefined
  /** Makes a conversation of these bytes, and gives its id. */
  readonly create: (update: Uint8Array) => Promise<string>
  readonly onChange: () => void
}

const GONE = 410
/** What the storage refused to end is ended later, in milliseconds: the relay need not say it again. */
const AGAIN_MS = 3_000

/** What this device has and the relay will not take, until a person decides (W9). */
export function createAside(options: AsideOptions): AsideKeeper {
  const { journal, clock, random, record, onChange } = options
  const items = createSignal<readonly AsideItem[]>([])
  const keeping = new Set<string>()
  /** Documents that are still to be ended. */
  const owed = new Map<string, () => void>()
  let isClosed = false

  const show = (notes: readonly AsideNote[]): void => {
    const shown = notes.filter(({ dismissed }) => !dismissed)
    items.set(shown.map(itemOf).sort((a, b) => b.at - a.at))
    onChange()
  }
  /** Readings so far, and the last of them that succeeded. */
  let asked = 0
  let answered = 0
  const load = async (): Promise<void> => {
    const mine = ++asked
    const notes = await journal.read((handle) => handle.asides())
    answered = Math.max(answered, mine)
    show(notes)
  }

  const read = async (key: string): Promise<Uint8Array> => {
    const update = await journal.read((handle) => handle.aside(key))
    if (!update?.length) throw new RangeError(`nothing is set aside under ${key}`)
    return update
  }

  const noteOf = async (key: string): Promise<AsideNote | undefined> => {
    const notes = await journal.read((handle) => handle.asides())
    return notes.find((note) => note.key === key)
  }

  const discard = async (key: string): Promise<void> => {
    const note = await noteOf(key)
    await journal.read((handle) =>
      note?.content === undefined
        ? handle.dropAside(key)
        : handle.putAside({ ...note, dismissed: true }, new Uint8Array(0)),
    )
    await load()
  }

  /** The same state is refused again at each connection, and was set aside at the first. */
  const putOnce = async (note: AsideNote, state: Uint8Array): Promise<void> => {
    const update = compactUpdates([state])
    const content = hashOf(update)
    if ((await noteOf(note.key))?.content === content) return
    await journal.read((handle) => handle.putAside({ ...note, content }, update))
  }

  const retire = async (id: string, code: number, text: string): Promise<void> => {
    owed.get(id)?.()
    owed.delete(id)
    const epoch = record(id)?.epoch
    const aside = { key: `${id}:${randomName(random)}`, code: refusalName(code), text, at: clock.now() }
    const asked = record(id)?.purged === 'asked'
    // Who purges here wants it gone here.
    const retired = await journal.retire(id, { purged: 'done', aside: asked ? null : aside })
    // It is on the device; what cannot be read now is read when the storage is open again.
    if (retired?.aside) await load().catch(() => null)
    if (retired || !record(id) || isClosed) return
    const again = clock.after(AGAIN_MS, () => {
      owed.delete(id)
      // Under another epoch it is not what was refused. What fails again is owed again.
      if (record(id)?.epoch === epoch) void retire(id, code, text).catch(() => null)
    })
    owed.get(id)?.()
    owed.set(id, again)
  }

  return {
    get: items.get,
    subscribe: items.subscribe,
    load,
    reload: () => {
      if (answered < asked) void load().catch(() => null)
    },
    retire,
    close: () => {
      isClosed = true
      for (const cancel of owed.values()) cancel()
      owed.clear()
    },
    keep: (id, state, code = GONE) => {
      const key = `${id}:${refusalName(code)}`
      if (keeping.has(key)) return
      keeping.add(key)
      const put = async (): Promise<void> => {
        // What is written meanwhile goes along.
        await Promise.resolve()
        keeping.delete(key)
        const { epoch = null, summary = null } = record(id) ?? {}
        const note = { key, conversation: id, epoch, code: refusalName(code), text: '', at: clock.now(), summary }
        if (code === GONE) await journal.read((handle) => handle.putAside(note, state()))
        else await putOnce(note, state())
        await load()
      }
      // A storage that fails is said by the journal; the next edit tries again.
      void put().catch(() => keeping.delete(key))
    },
    export: async (key) => {
      const update = await read(key)
      const doc = new Y.Doc()
      Y.applyUpdate(doc, update)
      return exportDocument(key.slice(0, key.lastIndexOf(':')), doc, readConversation(doc))
    },
    restore: async (key) => {
      const id = await options.create(await read(key))
      await discard(key)
      return id
    },
    discard,
  }
}

function hashOf(bytes: Uint8Array): string {
  return Array.from(digest(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function itemOf({ key, conversation, code, text, at, summary }: AsideNote): AsideItem {
  return { key, conversation, title: titleOf(summary), reason: { code, message: reasonText(code, text) }, at }
}

function reasonText(code: string, text: string): string {
  return code === 'EPOCH_PURGED' ? refusalReason(GONE).message : text || 'the relay will not take it'
}

function titleOf(summary: Uint8Array | null): string {
  try {
    return (summary && decodeSummary(summary)?.title) || ''
  } catch {
    return ''
  }
}
