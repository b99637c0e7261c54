import {
  encodeAwareness,
  REFUSAL,
  type RefusedUpdate,
  SyncClient,
  type SyncClientEffect,
  type SyncFeedEntry,
  type VersionRange,
} from '../../../src/index.ts'
import { beyond, decodeItems, encodeItems, GARBAGE, type Item, vectorOf } from './items.ts'

/** A document on the device. */
export interface Held {
  readonly items: Map<string, Item>
  /** Items that the relay is known to have on disk. */
  readonly synced: Set<string>
  epoch: string
  seq: number
  setAside: boolean
}

interface Opening {
  readonly opening: number
  readonly document: string
  readonly mode: 'watch' | 'exchange'
  epoch: string
  ready: boolean
  level: boolean
  /** By number: the items that the update vouches for; null for one that is meant to be refused. */
  readonly sent: Map<number, readonly string[] | null>
  count: number
}

/** A device: a store that survives disconnects, over one `SyncClient`. */
export class Device {
  readonly name: string
  readonly client: SyncClient
  readonly documents = new Map<string, Held>()
  readonly openings = new Map<number, Opening>()
  readonly timers = new Set<string>()
  readonly feed = new Map<string, SyncFeedEntry>()
  /** Documents that are kept open. */
  readonly watched = new Set<string>()
  readonly refusals: RefusedUpdate[] = []
  readonly fencings: number[] = []
  wantsSocket = false
  leaves: { code: number; reason: string } | null = null
  decided = 0
  cursor = 0
  readonly #random: () => number
  #made = 0

  constructor(name: string, random: () => number, versions: VersionRange) {
    this.name = name
    this.#random = random
    this.client = new SyncClient({ client: name, agent: 'pairing', versions, backoff: { first: 10, longest: 100 } })
  }

  start(): void {
    this.handle({ kind: 'start', token: 't', incarnation: '', cursor: 0 })
  }

  handle(event: Parameters<SyncClient['handle']>[0]): void {
    for (const effect of this.client.handle(event, this.#random())) this.#do(effect)
  }

  held(document: string): Held {
    let held = this.documents.get(document)
    if (held === undefined) {
      held = { items: new Map(), synced: new Set(), epoch: '', seq: 0, setAside: false }
      this.documents.set(document, held)
    }
    return held
  }

  waiting(document: string): boolean {
    const held = this.held(document)
    return !held.setAside && [...held.items.keys()].some((id) => !held.synced.has(id))
  }

  /** Something is to be sent, or to be fetched, as far as the acks and the feed tell. */
  isBehind(document: string): boolean {
    const entry = this.feed.get(document)
    const { seq, epoch } = this.held(document)
    const hasMore = entry !== undefined && (entry.seq > seq || entry.epoch !== epoch || entry.purged)
    return this.waiting(document) || hasMore
  }

  /** Writes something that builds on the last item; sends it if the document is open. */
  edit(document: string, padding: number): Item {
    this.#made += 1
    const held = this.held(document)
    const needs = [...held.items.keys()].at(-1) ?? null
    const item: Item = { id: `${this.name}${this.#made}`, needs, padding }
    held.items.set(item.id, item)
    this.#send(document, [item])
    return item
  }

  /** Something that came past the relay, from another tab: it is here, and was never sent from here. */
  overhear(document: string, items: Iterable<Item>): void {
    for (const item of items) this.held(document).items.set(item.id, item)
  }

  sendGarbage(document: string): void {
    const opening = this.#ready(document)
    if (opening === undefined) return
    this.#count(opening, null)
    this.#channel(opening, { kind: 'update', update: GARBAGE })
  }

  open(document: string, mode: 'watch' | 'exchange'): void {
    if ([...this.openings.values()].some((one) => one.document === document)) return
    const held = this.held(document)
    if (held.setAside) return
    const { epoch, seq } = held
    const stateVector = vectorOf(held.items)
    const opening = this.client.open({ document, epoch, seq, mode, stateVector })
    if (opening === null) return
    this.openings.set(opening, {
      opening,
      document,
      mode,
      epoch: '',
      ready: false,
      level: false,
      sent: new Map(),
      count: 0,
    })
  }

  close(document: string): void {
    for (const opening of this.openings.values()) {
      if (opening.document !== document) continue
      opening.ready = false
      this.#channel(opening, { kind: 'close' })
    }
  }

  lease(document: string, operation: 'acquire' | 'release', fencing: number): void {
    const opening = this.#ready(document)
    if (opening === undefined) return
    const request = this.client.nextRequest()
    this.#channel(opening, { kind: 'lease', request, key: 'turn', operation, ttl: 5_000, fencing })
  }

  speak(document: string): void {
    const opening = this.#ready(document)
    if (opening !== undefined) this.#channel(opening, { kind: 'awareness', awareness: encodeAwareness([]) })
  }

  #ready(document: string): Opening | undefined {
    return [...this.openings.values()].find((one) => one.document === document && one.ready)
  }

  #send(document: string, items: readonly Item[]): void {
    const opening = this.#ready(document)
    if (opening === undefined) return
    this.#count(
      opening,
      items.map(({ id }) => id),
    )
    this.#channel(opening, { kind: 'update', update: encodeItems(items) })
  }

  #count(opening: Opening, ids: readonly string[] | null): void {
    opening.count += 1
    opening.sent.set(opening.count, ids)
  }

  #channel(
    { opening }: Opening,
    event: Extract<Parameters<SyncClient['handle']>[0], { kind: 'channel' }>['event'],
  ): void {
    this.handle({ kind: 'channel', opening, event })
  }

  #do(effect: SyncClientEffect): void {
    switch (effect.kind) {
      case 'connect':
        this.wantsSocket = true
        this.leaves = null
        return
      case 'disconnect':
        this.leaves = { code: effect.code, reason: effect.reason }
        return
      case 'set-timer':
        this.timers.add(effect.timer)
        return
      case 'clear-timer':
        this.timers.delete(effect.timer)
        return
      case 'greeted':
        for (const document of this.watched) this.open(document, 'watch')
        return
      case 'history':
        this.cursor = 0
        this.feed.clear()
        for (const held of this.documents.values()) {
          held.synced.clear()
          held.seq = 0
        }
        return
      case 'feed':
        for (const entry of effect.entries) this.feed.set(entry.document, entry)
        this.cursor = effect.upTo
        return
      case 'refused':
        throw new Error(`${this.name} is refused: ${effect.code} ${effect.reason}`)
      case 'channel':
        this.#doChannel(this.openings.get(effect.opening)!, effect.effect)
        return
      default:
    }
  }

  #doChannel(opening: Opening, effect: Extract<SyncClientEffect, { kind: 'channel' }>['effect']): void {
    const held = this.held(opening.document)
    switch (effect.kind) {
      case 'opened':
        opening.ready = true
        opening.epoch = effect.epoch
        if (!effect.trusted) held.synced.clear()
        if (effect.seq > 0) held.epoch = effect.epoch
        if (!effect.trusted) held.seq = 0
        if (this.waiting(opening.document)) this.#offer(opening, 'offer', effect.stateVector)
        else if (!effect.trusted && held.items.size > 0) this.#offer(opening, 'offer', effect.stateVector)
        return
      case 'resync':
        this.#offer(opening, 'resync-answer', effect.stateVector)
        return
      case 'deliver':
        for (const item of decodeItems(effect.update)) {
          held.items.set(item.id, item)
          held.synced.add(item.id)
        }
        held.seq = effect.seq
        return
      case 'level':
        opening.level = true
        held.seq = effect.seq
        return
      case 'acked': {
        const refused = new Set(effect.refused.map(({ n }) => n))
        for (const [n, ids] of opening.sent) {
          if (n > effect.upTo) break
          opening.sent.delete(n)
          this.decided += 1
          if (refused.has(n) !== (ids === null)) this.refusals.push({ n, code: -1 })
          if (!refused.has(n)) for (const id of ids ?? []) held.synced.add(id)
        }
        this.refusals.push(...effect.refused.filter(({ code }) => code !== REFUSAL.BAD_UPDATE))
        if (effect.seq > 0) held.seq = effect.seq
        held.epoch = opening.epoch
        return
      }
      case 'set-aside':
        held.setAside = true
        held.synced.clear()
        return
      case 'refused':
      case 'closed':
      case 'lost':
        this.openings.delete(opening.opening)
        return
      case 'leased':
        this.fencings.push(effect.leased.fencing)
        return
      default:
    }
  }

  #offer(opening: Opening, kind: 'offer' | 'resync-answer', stateVector: Uint8Array): void {
    const { items } = this.held(opening.document)
    this.#count(opening, [...items.keys()])
    this.#channel(opening, { kind, update: encodeItems(beyond(items, stateVector)) })
  }
}
