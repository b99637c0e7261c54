import { addMessage, encodeSummary, initConversation, readConversation, summarize } from '@holdfast/conversation'
import { indexedDbPersistence, memoryPersistence, openStore, type Persistence, type Store } from '@holdfast/store'
import { seededRandom } from '@holdfast/testkit'
import * as Y from 'yjs'
import { answer, title } from '../corpus/words.ts'
import { countedSocket, type Traffic } from './traffic.ts'

/* A device and its space, over a relay's /sync. Runs in a page and in Node: there with a socket of its own and in memory. */

export interface Place {
  readonly space: string
  /** One device is one name. */
  readonly device: string
  readonly relay: { readonly url: string; readonly token: string } | null
}

const AT = Date.UTC(2026, 0, 1)
const AT_ONCE = 500
const inMemory = new Map<string, Persistence>()

/** IndexedDB where there is one. */
function storageOf(device: string): Persistence {
  if (typeof indexedDB !== 'undefined') return indexedDbPersistence({ space: device })
  const kept = inMemory.get(device) ?? memoryPersistence()
  inMemory.set(device, kept)
  return kept
}

/** A window of its own: what others of this origin do goes by the relay, as between two machines. */
export function openDevice({ space, device, relay }: Place, socket = globalThis.WebSocket): Promise<Store> {
  const alone = { channel: null, locks: null }
  return openStore({ space, persistence: storageOf(device), relay, WebSocket: socket, ...alone })
}

interface Source<T> {
  get(): T
  subscribe(listener: () => void): () => void
}

/** Resolves when what is read satisfies `reached`, now or after a change. */
export function until<T>(source: Source<T>, reached: (value: T) => boolean): Promise<T> {
  return new Promise((resolve) => {
    const look = (): void => {
      const value = source.get()
      if (!reached(value)) return
      off()
      resolve(value)
    }
    const off = source.subscribe(look)
    look()
  })
}

export interface Offline {
  readonly conversations: number
  /** In each. */
  readonly messages: number
}

/** Conversations as somebody without a network left them: each message a row of its own, nothing of it sent. */
function* written({ conversations, messages }: Offline) {
  const random = seededRandom(conversations)
  for (let number = 0; number < conversations; number++) {
    const doc = new Y.Doc()
    const updates: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => updates.push(update))
    const id = `offline-${number}`
    initConversation(doc, { id, createdAt: AT, title: title(random), titleBy: 'automatic' })
    let parent: string | null = null
    for (let i = 0; i < messages; i++) {
      const part = { type: 'text', text: answer(random).slice(0, 300) } as const
      const role = i % 2 === 0 ? 'user' : 'assistant'
      parent = addMessage(doc, { id: `m${i}`, parent, role, createdAt: AT + i, parts: [part] })
    }
    yield { id, updates, summary: encodeSummary(summarize(readConversation(doc))), local: true }
    doc.destroy()
  }
}

export async function writeOffline(device: string, offline: Offline): Promise<void> {
  const handle = await storageOf(device).open()
  let documents = []
  for (const document of written(offline)) {
    documents.push(document)
    if (documents.length < AT_ONCE) continue
    await handle.write({ documents })
    documents = []
  }
  if (documents.length > 0) await handle.write({ documents })
  await handle.close()
}

/** From opening the store to the relay having acknowledged all that waited here. In ms. */
export async function emptyOutbox(place: Place, waiting: number, socket?: typeof WebSocket): Promise<number> {
  const start = performance.now()
  const store = await openDevice(place, socket)
  if (store.status.get().waiting !== waiting) throw new Error(`${store.status.get().waiting} wait, and not ${waiting}`)
  await until(store.status, (status) => status.waiting === 0)
  const ms = performance.now() - start
  await store.close()
  return ms
}

/** A device that has nothing yet. In ms from opening its store: until it lists all, and until it has all. */
export async function arrive(
  place: Place,
  count: number,
  socket?: typeof WebSocket,
): Promise<{ list: number; all: number }> {
  const start = performance.now()
  const store = await openDevice(place, socket)
  await until(store.list, (items) => items.length === count)
  const list = performance.now() - start
  await until(store.status, ({ behind }) => (behind ?? 0) === 0)
  const all = performance.now() - start
  await settled(store)
  await store.close()
  return { list, all }
}

/** All that was told is written down, the cursor too: a device that is stopped here comes back with nothing to ask. */
async function settled(store: Store): Promise<void> {
  await until(store.status, ({ behind, waiting }) => (behind ?? 0) === 0 && waiting === 0)
  await store.saved()
}

/** A device that was away while others wrote. In ms from opening its store until it has all of it. */
export async function catchUp(place: Place, changed: readonly string[], messages: number): Promise<number> {
  const start = performance.now()
  const store = await openDevice(place)
  const wanted = new Set(changed)
  let seen = false
  await until(store.status, ({ behind }) => {
    seen ||= (behind ?? 0) > 0
    return seen && behind === 0
  })
  const ms = performance.now() - start
  const has = store.list.get().filter(({ id, summary }) => wanted.has(id) && summary.messages === messages)
  if (has.length !== wanted.size) throw new Error(`${has.length} of ${wanted.size} changes have come`)
  await settled(store)
  await store.close()
  return ms
}

/** What coming back costs a device that has missed nothing, on the socket. */
export async function comeBack(place: Place, ms: number): Promise<Traffic> {
  const { socket, traffic } = countedSocket()
  const store = await openDevice(place, socket)
  await until(store.status, ({ relay }) => relay === 'connected')
  await pass(ms)
  await store.close()
  return traffic()
}

const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

let idle: { readonly store: Store; readonly traffic: () => Traffic } | null = null

/** Opens a device and leaves it open. Without a relay it is the list alone. */
export async function stayOpen(place: Place, count: number): Promise<void> {
  const { socket, traffic } = countedSocket()
  const store = await openDevice(place, socket)
  idle = { store, traffic }
  await until(store.list, (items) => items.length === count)
  if (place.relay !== null) await until(store.status, ({ relay }) => relay === 'connected')
  await settled(store)
}

/** Bytes on the socket of what stays open, both ways, while so much time passes. */
export async function idleTraffic(ms: number): Promise<number> {
  const before = idle!.traffic()
  await pass(ms)
  const after = idle!.traffic()
  return after.bytes - before.bytes
}

export async function closeIdle(): Promise<void> {
  await idle?.store.close()
  idle = null
}
