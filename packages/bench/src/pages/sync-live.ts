import { addMessage } from '@holdfast/conversation'
import type { OpenConversation, Store } from '@holdfast/store'
import { openDevice, type Place, until } from './sync.ts'

/* Two windows that have one conversation open, on devices of their own. Both read one machine's clock. */

const now = (): number => performance.timeOrigin + performance.now()
const pass = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

interface Live {
  readonly store: Store
  readonly conversation: OpenConversation
  parent: string | null
}

let live: Live | null = null

/** Opens this window on a device that has nothing yet. Without an id it begins the conversation. Gives the id. */
export async function joinLive(place: Place, id?: string): Promise<string> {
  const store = await openDevice(place)
  const conversation = id === undefined ? await store.create({ title: 'Live' }) : await store.open(id)
  live = { store, conversation, parent: null }
  await conversation.sent()
  return conversation.id
}

/** Resolves when this window has fetched everything else of its space. */
export async function fetchedAll(): Promise<void> {
  await until(live!.store.status, ({ relay, behind }) => relay === 'connected' && (behind ?? 0) === 0)
}

/** Resolves when this window lists so many conversations of its space, and has all of them. */
export async function hasAll(count: number): Promise<void> {
  const { store } = live!
  await until(store.list, (items) => items.length >= count && items.every(({ behind }) => behind !== true))
}

const isFetching = (): boolean => (live!.store.status.get().behind ?? 0) > 0

export interface Said {
  readonly id: string
  /** In ms since the epoch. */
  readonly at: number
  /** In ms until this window said *synced* of it. */
  readonly synced: number
  /** Something else of the space was being fetched when it was written, or when it was synced. */
  readonly fetching: boolean
}

export interface Speech {
  readonly prefix: string
  readonly count: number
  /** Ms between an edit being synced and the next one, on average. */
  readonly gap: number
  /** Ms after which no more are begun. */
  readonly longest: number
}

/** Writes one message after another, each awaited until it is synced. */
export async function speakLive({ prefix, count, gap, longest }: Speech): Promise<Said[]> {
  const { conversation } = live!
  const said: Said[] = []
  const end = now() + longest
  for (let i = 0; i < count && now() < end; i++) {
    const id = `${prefix}-${i}`
    const before = isFetching()
    const at = now()
    const parent = live!.parent
    conversation.edit((doc) => {
      addMessage(doc, { id, parent, role: 'user', createdAt: at, parts: [{ type: 'text', text: `message ${i}` }] })
    })
    live!.parent = id
    await conversation.sent()
    // Sent says the same of the relay; both are what a person reads as synced.
    await until(conversation.status, (status) => status.kind === 'saved' && status.relay === 'synced')
    said.push({ id, at, synced: now() - at, fetching: before || isFetching() })
    await pass(gap * 2 * Math.random())
  }
  return said
}

const seen = new Map<string, number>()

/** Notes from now on when this window can first read each message. */
export function listenLive(): void {
  const { conversation } = live!
  let known = 0
  seen.clear()
  const look = (): void => {
    const { messages } = conversation.get()
    for (; known < messages.length; known++) seen.set(messages[known]!.id, now())
  }
  conversation.subscribe(look)
  look()
}

/** When this window could first read each, in ms since the epoch. Waits for the last. */
export async function heardLive(ids: readonly string[]): Promise<number[]> {
  const { conversation } = live!
  await until({ get: () => seen, subscribe: conversation.subscribe }, () => ids.every((id) => seen.has(id)))
  return ids.map((id) => seen.get(id)!)
}

export async function leaveLive(): Promise<void> {
  live?.conversation.close()
  await live?.store.close()
  live = null
}
