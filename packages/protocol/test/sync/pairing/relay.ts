import {
  encodeAwareness,
  type Lease,
  Leases,
  REFUSAL,
  SYNC_VERSIONS,
  SyncConnection,
  type SyncConnectionConfig,
  type SyncConnectionEffect,
  type SyncFeedEntry,
} from '../../../src/index.ts'
import { History } from './history.ts'
import { decide, decodeItems, encodeItems, type Item, vectorOf } from './items.ts'

interface Record {
  readonly seq: number
  readonly update: Uint8Array
  /** The commit that made it durable. */
  readonly commit: number
}

interface Room {
  readonly document: string
  epoch: string
  readonly records: Record[]
  /** What the intake takes as known: durable or under way. */
  known: Map<string, Item>
  readonly purged: Set<string>
  readonly members: Set<Member>
  feed: number
  summary: Uint8Array | null
}

interface Member {
  readonly link: RelayLink
  readonly opening: number
}

type Pending =
  | {
      readonly kind: 'append'
      readonly room: Room
      readonly member: Member
      readonly n: number
      readonly update: Uint8Array
    }
  | { readonly kind: 'wait'; readonly room: Room; readonly member: Member; readonly n: number }

export interface RelayLink {
  readonly connection: SyncConnection
  readonly client: { id: string }
  readonly flushes: Set<number>
  /** Called when the relay closes the socket. */
  readonly onClose: (code: number, reason: string) => void
  open: boolean
}

/** A relay of one space in memory. Appends are durable at `commit`, and lost by `crash` before. */
export class MemoryRelay {
  #config: SyncConnectionConfig
  readonly rooms = new Map<string, Room>()
  readonly links = new Set<RelayLink>()
  readonly leases = new Leases()
  readonly history = new History()
  now = 0
  #pending: Pending[] = []
  #epochs = 0

  constructor(config: SyncConnectionConfig) {
    this.#config = { ...config, reach: () => this.history.commits }
  }

  connect(onClose: RelayLink['onClose']): RelayLink {
    const connection = new SyncConnection(this.#config)
    const link: RelayLink = { connection, client: { id: '' }, flushes: new Set(), onClose, open: true }
    this.links.add(link)
    this.#run(link, connection.begin())
    return link
  }

  receive(link: RelayLink, bytes: Uint8Array): void {
    if (link.open) this.#run(link, link.connection.handle({ kind: 'bytes', bytes, now: this.now }))
  }

  sent(link: RelayLink): void {
    if (link.open) this.#run(link, link.connection.sent())
  }

  gone(link: RelayLink): void {
    if (!this.links.delete(link)) return
    link.open = false
    this.#run(link, link.connection.handle({ kind: 'gone' }))
    this.leases.left(link.client.id, this.now, 2_000)
  }

  /** Makes durable what is pending, tells everybody, and then lets acks join. */
  commit(): void {
    const pending = this.#pending
    this.#pending = []
    for (const room of new Set(pending.map((one) => one.room)))
      this.#write(
        room,
        pending.filter((one) => one.room === room),
      )
    this.flush()
  }

  /** What was under way of one document becomes one record, as in a room: a sole author is not sent it. */
  #write(room: Room, pending: readonly Pending[]): void {
    const appends = pending.flatMap((one) => (one.kind === 'append' ? [one] : []))
    let seq = 0
    if (appends.length > 0) {
      seq = (room.records.at(-1)?.seq ?? 0) + 1
      const update = encodeItems(appends.flatMap((one) => decodeItems(one.update)))
      const first = appends[0]!.member
      const sole = appends.every(({ member }) => same(member, first)) ? first : null
      room.records.push({ seq, update, commit: this.history.commit() })
      this.#changed(room)
      for (const member of [...room.members]) {
        if (sole === null || !same(member, sole)) this.#step(member, { kind: 'broadcast', seq, update })
      }
    }
    for (const { kind, member, n } of pending)
      this.#step(member, { kind: 'durable', n, seq: kind === 'wait' ? 0 : seq })
  }

  /** The turn of the event loop is over: acks that are due go out. */
  flush(): void {
    for (const link of [...this.links]) {
      const flushes = [...link.flushes]
      link.flushes.clear()
      for (const opening of flushes) this.#step({ link, opening }, { kind: 'flush' })
    }
  }

  /** The process dies, and another begins, of another version perhaps: what was not durable is gone. */
  crash(versions = this.#config.versions ?? SYNC_VERSIONS): void {
    this.#config = { ...this.#config, versions }
    this.#end()
    this.history.open()
  }

  #end(): void {
    for (const link of [...this.links]) {
      link.open = false
      this.links.delete(link)
      link.onClose(1006, '')
    }
    this.#pending = []
    for (const room of this.rooms.values()) {
      room.members.clear()
      room.known = known(room.records)
    }
  }

  /** Comes back with an older state under another incarnation (W11). */
  goBack(keep: (document: string, seq: number) => boolean): void {
    this.#end()
    this.history.openAnew()
    for (const [document, room] of this.rooms) {
      while (room.records.length > 0 && !keep(document, room.records.at(-1)!.seq)) room.records.pop()
      room.known = known(room.records)
      if (room.records.length === 0) this.rooms.delete(document)
    }
  }

  /** Goes on from a copy that was made when it had come to this commit: same history, as far as that goes (W11). */
  putBack(commit: number): void {
    this.#end()
    this.history.openCopy(commit)
    for (const [document, room] of this.rooms) {
      while ((room.records.at(-1)?.commit ?? 0) > commit) room.records.pop()
      room.known = known(room.records)
      room.feed = this.history.placeOf(document)
      if (room.records.length === 0) this.rooms.delete(document)
    }
  }

  /** Time passes, and the feed is told: later than acks, as by a relay that paces it. */
  tick(ms: number): void {
    this.now += ms
    for (const link of [...this.links])
      this.#run(link, link.connection.handle({ kind: 'committed', head: this.history.head }))
    for (const lease of this.leases.expire(this.now)) this.#tellLease(lease, null, 0, true)
  }

  #purge(room: Room): void {
    this.history.commit()
    room.purged.add(room.epoch)
    room.records.length = 0
    room.known.clear()
    this.#pending = this.#pending.filter((one) => one.room !== room)
    this.leases.purge(room.document)
    this.#changed(room)
    for (const member of [...room.members]) {
      this.#step(member, { kind: 'end', code: REFUSAL.EPOCH_PURGED, text: 'purged' })
    }
    this.#epochs += 1
    room.epoch = `e${this.history.incarnation}.${this.#epochs}`
  }

  #changed(room: Room): void {
    room.feed = this.history.changed(room.document)
  }

  #room(document: string): Room {
    let room = this.rooms.get(document)
    if (room === undefined) {
      this.#epochs += 1
      const epoch = `e${this.history.incarnation}.${this.#epochs}`
      room = {
        document,
        epoch,
        records: [],
        known: new Map(),
        purged: new Set(),
        members: new Set(),
        feed: 0,
        summary: null,
      }
      this.rooms.set(document, room)
    }
    return room
  }

  #knowsOf({ connection }: RelayLink): { readonly follows: boolean; readonly until: number } {
    const { state } = connection
    if (state.kind !== 'verifying') throw new Error('verifies without a hello')
    const { incarnation, cursor, reach = 0 } = state.hello
    return this.history.knows(incarnation, cursor, reach)
  }

  #step(member: Member, event: Extract<Parameters<SyncConnection['handle']>[0], { kind: 'channel' }>['event']): void {
    this.#run(member.link, member.link.connection.handle({ kind: 'channel', opening: member.opening, event }))
  }

  #run(link: RelayLink, effects: readonly SyncConnectionEffect[]): void {
    for (const effect of effects) this.#do(link, effect)
  }

  #do(link: RelayLink, effect: SyncConnectionEffect): void {
    const { connection } = link
    switch (effect.kind) {
      case 'verify':
        link.client.id = effect.client
        this.#run(
          link,
          connection.handle({
            kind: 'verified',
            role: 'write',
            expiresIn: 0,
            incarnation: this.history.incarnation,
            head: this.history.head,
            ...this.#knowsOf(link),
          }),
        )
        return
      case 'close':
        link.open = false
        this.links.delete(link)
        link.onClose(effect.code, effect.reason)
        return
      case 'read-feed': {
        const all = [...this.rooms.values()].filter((room) => room.feed > effect.after).sort((a, b) => a.feed - b.feed)
        const page = all.slice(0, effect.limit)
        const upTo = page.length < effect.limit ? this.history.head : page.at(-1)!.feed
        const entries = page.map(
          (room): SyncFeedEntry => ({
            document: room.document,
            number: room.feed,
            epoch: room.epoch,
            seq: room.records.at(-1)?.seq ?? 0,
            purged: room.records.length === 0,
            summary: room.summary,
          }),
        )
        this.#run(link, connection.handle({ kind: 'feed-page', entries, upTo, head: this.history.head }))
        return
      }
      case 'open': {
        const { document, epoch } = effect.open
        const room = this.#room(document)
        const member: Member = { link, opening: effect.opening }
        if (room.purged.has(epoch) || (epoch === '' && room.purged.size > 0 && room.records.length === 0)) {
          const code = REFUSAL.EPOCH_PURGED
          this.#step(member, { kind: 'unopenable', code, epoch, text: 'purged' })
          return
        }
        // Nothing stored yet: the client's epoch is as good as ours (Y12). One of a lost history goes on under ours.
        if (room.records.length === 0 && epoch !== '' && !this.#pending.some((one) => one.room === room))
          room.epoch = epoch
        room.members.add(member)
        const seq = room.records.at(-1)?.seq ?? 0
        this.#step(member, { kind: 'loaded', epoch: room.epoch, seq, stateVector: vectorOf(room.known), role: 'write' })
        return
      }
      case 'summary': {
        const room = this.rooms.get(effect.document)
        if (room !== undefined && room.epoch === effect.epoch) {
          this.history.commit()
          room.summary = effect.summary.slice()
          this.#changed(room)
        }
        const answer = { kind: 'done', feed: room?.feed ?? 0 } as const
        this.#run(link, connection.handle({ kind: 'answered', request: effect.request, answer }))
        return
      }
      case 'channel':
        this.#doChannel({ link, opening: effect.opening }, this.#room(effect.document), effect.effect)
        return
      case 'purge': {
        const room = this.rooms.get(effect.document)
        const lives = room !== undefined && room.epoch === effect.epoch && room.records.length > 0
        if (lives) this.#purge(room)
        const answer = lives
          ? ({ kind: 'done', feed: room.feed } as const)
          : ({ kind: 'failed', code: REFUSAL.EPOCH_OTHER, text: 'not the live epoch' } as const)
        this.#run(link, connection.handle({ kind: 'answered', request: effect.request, answer }))
        return
      }
      case 'note-ahead':
      case 'admitted':
      case 'set-timer':
      case 'clear-timer':
        return
    }
  }

  #doChannel(member: Member, room: Room, effect: Extract<SyncConnectionEffect, { kind: 'channel' }>['effect']): void {
    switch (effect.kind) {
      case 'catch-up': {
        const have = effect.seq > 0 ? room.records.filter((record) => record.seq > effect.seq) : null
        const seq = room.records.at(-1)?.seq ?? 0
        const all = known(room.records)
        const there = new Set(new TextDecoder().decode(effect.stateVector ?? new Uint8Array(0)).split(' '))
        const lacking = [...all.values()].filter(({ id }) => !there.has(id))
        const updates = have ?? (lacking.length === 0 ? [] : [{ seq, update: encodeItems(lacking) }])
        this.#step(member, { kind: 'caught-up', seq, updates })
        return
      }
      case 'judge':
        this.#step(member, {
          kind: 'judged',
          source: effect.source,
          decision: decide(room.known, effect.update, effect.take),
        })
        return
      case 'store':
        this.#pending.push({ kind: 'append', room, member, n: effect.n, update: effect.update.slice() })
        return
      case 'store-good':
        for (const item of decodeItems(effect.update)) room.known.set(item.id, item)
        this.#pending.push({ kind: 'append', room, member, n: effect.n, update: effect.update.slice() })
        return
      case 'wait':
        this.#pending.push({ kind: 'wait', room, member, n: effect.n })
        return
      case 'ask':
        this.#step(member, { kind: 'resync', stateVector: vectorOf(room.known) })
        return
      case 'ack-soon':
        member.link.flushes.add(member.opening)
        return
      case 'introduce':
        this.#step(member, { kind: 'awareness', awareness: encodeAwareness([]) })
        for (const lease of this.leases.of(room.document, this.now)) {
          this.#step(member, { kind: 'leased', leased: told(lease, 0, this.now) })
        }
        return
      case 'hear':
        for (const other of [...room.members]) this.#step(other, { kind: 'awareness', awareness: effect.awareness })
        return
      case 'lease': {
        const { key, operation, ttl, fencing, request } = effect
        const wish = { document: room.document, key, ttl, holder: member.link.client.id }
        const answer =
          operation === 'acquire'
            ? this.leases.acquire(wish, this.now)
            : this.leases[operation](wish, fencing, this.now)
        if (answer.kind === 'refused') {
          this.#step(member, { kind: 'request-refused', request, code: answer.code, text: 'no' })
        } else {
          this.#tellLease(answer.lease, member, request, operation === 'release')
        }
        return
      }
      case 'stop':
        this.#step(member, { kind: 'request-done', request: effect.request })
        return
      case 'ended':
        for (const other of [...room.members]) if (same(other, member)) room.members.delete(other)
        return
      case 'note-gap':
        return
    }
  }

  #tellLease(lease: Lease, asker: Member | null, request: number, free: boolean): void {
    const room = this.#room(lease.document)
    const leased = free ? { ...told(lease, 0, this.now), holder: '', ttl: 0 } : told(lease, 0, this.now)
    for (const member of [...room.members]) {
      const mine = asker !== null && same(member, asker)
      this.#step(member, { kind: 'leased', leased: mine ? { ...leased, request } : leased })
    }
  }
}

function told({ key, holder, fencing, expires }: Lease, request: number, now: number) {
  return { request, key, holder, fencing, ttl: expires - now }
}

function same(a: Member, b: Member): boolean {
  return a.link === b.link && a.opening === b.opening
}

function known(records: readonly Record[]): Map<string, Item> {
  return new Map(records.flatMap(({ update }) => decodeItems(update).map((item) => [item.id, item] as const)))
}
