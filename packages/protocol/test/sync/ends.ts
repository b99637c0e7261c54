import {
  type ClientFrame,
  DEFAULT_SYNC_LIMITS,
  decodeClientFrame,
  encodeClientFrame,
  encodeRelayFrame,
  incomingFromClient,
  incomingFromRelay,
  type RelayFrame,
  SyncClient,
  type SyncClientEffect,
  type SyncClientEvent,
  SyncConnection,
  type SyncConnectionConfig,
  type SyncConnectionEffect,
  type SyncConnectionEvent,
  type WelcomeFrame,
} from '../../src/index.ts'

export const WELCOME: WelcomeFrame = {
  kind: 'welcome',
  follows: false,
  version: 1,
  incarnation: 'inc',
  role: 'write',
  expiresIn: 0,
  head: 10,
  limits: DEFAULT_SYNC_LIMITS,
}

export const HELLO: ClientFrame = {
  kind: 'hello',
  minVersion: 1,
  maxVersion: 1,
  client: 'w1',
  agent: 'test',
  token: 't',
  incarnation: 'inc',
  cursor: 10,
}

/** The client's end, with a relay of hand-written frames. */
export class ClientEnd {
  readonly client = new SyncClient({ client: 'w1', agent: 'test' })
  effects: SyncClientEffect[] = []
  readonly #incoming = incomingFromClient(DEFAULT_SYNC_LIMITS)

  constructor(cursor = 10) {
    this.handle({ kind: 'start', token: 't', incarnation: 'inc', cursor })
    this.handle({ kind: 'socket-open' })
  }

  static open(cursor = 10, welcome: Partial<WelcomeFrame> = {}): ClientEnd {
    const end = new ClientEnd(cursor)
    end.sent()
    end.frame({ ...WELCOME, ...welcome })
    return end
  }

  handle(event: SyncClientEvent): this {
    this.effects = this.client.handle(event, 0.5)
    return this
  }

  bytes(bytes: Uint8Array): this {
    return this.handle({ kind: 'bytes', bytes, now: 0 })
  }

  frame(frame: RelayFrame): this {
    return this.bytes(encodeRelayFrame(frame))
  }

  /** What it has sent since. */
  sent(): ClientFrame[] {
    return this.client.next(1e9).flatMap((bytes) => {
      const received = this.#incoming.take(bytes, 0)
      if (received.kind === 'broken') throw new Error(received.reason)
      return received.kind === 'frame' ? [received.frame] : []
    })
  }

  /** An open watch channel. */
  channel(document = 'doc', seq = 5): number {
    const opening = this.client.open({ document, epoch: 'e', seq: 0, mode: 'watch', stateVector: Uint8Array.of(0) })
    const [open] = this.sent()
    if (opening === null || open?.kind !== 'open') throw new Error('not opened')
    const { channel } = open
    this.frame({ kind: 'opened', channel, epoch: 'e', seq, role: 'write', stateVector: Uint8Array.of(0) })
    return opening
  }
}

/** The relay's end, with a client of hand-written frames and nothing behind it. */
export class RelayEnd {
  readonly connection: SyncConnection
  effects: SyncConnectionEffect[]
  readonly #incoming = incomingFromRelay(DEFAULT_SYNC_LIMITS)

  constructor(config: SyncConnectionConfig = {}) {
    this.connection = new SyncConnection(config)
    this.effects = this.connection.begin()
  }

  static open(config: SyncConnectionConfig = {}): RelayEnd {
    const end = new RelayEnd(config)
    end.frame(HELLO)
    end.handle({ kind: 'verified', role: 'write', expiresIn: 0, incarnation: 'inc', head: 10 })
    end.sent()
    return end
  }

  handle(event: SyncConnectionEvent): this {
    this.effects = this.connection.handle(event)
    return this
  }

  bytes(bytes: Uint8Array): this {
    return this.handle({ kind: 'bytes', bytes, now: 0 })
  }

  frame(frame: ClientFrame): this {
    if (decodeClientFrame(encodeClientFrame(frame)).kind === 'garbage') throw new Error('a frame that is none')
    return this.bytes(encodeClientFrame(frame))
  }

  sent(): RelayFrame[] {
    return this.connection.next(1e9).flatMap((bytes) => {
      const received = this.#incoming.take(bytes, 0)
      if (received.kind === 'broken') throw new Error(received.reason)
      return received.kind === 'frame' ? [received.frame] : []
    })
  }

  channel(channel = 1, document = 'doc'): number {
    const stateVector = Uint8Array.of(0)
    this.frame({ kind: 'open', channel, document, epoch: '', seq: 0, mode: 'watch', stateVector })
    const open = this.effects.find((effect) => effect.kind === 'open')
    if (open === undefined) throw new Error('not opened')
    const { opening } = open
    this.handle({
      kind: 'channel',
      opening,
      event: { kind: 'loaded', epoch: 'e', seq: 5, stateVector, role: 'write' },
    })
    this.handle({ kind: 'channel', opening, event: { kind: 'caught-up', seq: 5, updates: [] } })
    this.sent()
    return opening
  }
}
