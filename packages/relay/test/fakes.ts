import { encodeStateVector, encodeStep1, encodeUpdate } from '@holdfast/protocol'
import type { Ahead, DocumentRef, UpdateLog } from '@holdfast/update-log'
import { createMemoryLog } from '@holdfast/update-log/memory'
import * as Y from 'yjs'
import type { CostlyNotes } from '../src/costly.ts'
import type { RelayEvent } from '../src/events.ts'
import { inlineExaminer } from '../src/examine/inline.ts'
import type { Examiner } from '../src/examine/port.ts'
import { Metrics } from '../src/metrics.ts'
import { type Clock, DEFAULT_LIMITS, type Limits } from '../src/options.ts'
import { Quota } from '../src/quota.ts'
import { Rooms } from '../src/rooms.ts'
import { StockPeer } from '../src/stock-peer.ts'
import type { Wire } from '../src/wire.ts'

export const REF: DocumentRef = { space: 'default', document: 'chat' }

/** Time that passes when the test says so. */
export class ManualClock implements Clock {
  time = 0
  #timers: { at: number; run: () => void }[] = []

  now(): number {
    return this.time
  }

  monotonic(): number {
    return this.time
  }

  after(delay: number, run: () => void): () => void {
    const timer = { at: this.time + delay, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  pass(milliseconds: number): void {
    const until = this.time + milliseconds
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((x, y) => x.at - y.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((other) => other !== next)
      this.time = Math.max(this.time, next.at)
      next.run()
    }
    this.time = until
  }
}

interface Gate {
  readonly open: () => void
  readonly fail: (error: Error) => void
}

/** A log whose loads and appends wait for the test, when told to. */
export class HeldLog {
  readonly log: UpdateLog
  holdLoads = false
  holdAppends = false
  readonly loads: Gate[] = []
  readonly appends: Gate[] = []
  loadCount = 0
  appendCount = 0
  #arrived: (() => void)[] = []

  constructor(inner: UpdateLog = createMemoryLog()) {
    this.log = {
      ...inner,
      incarnation: inner.incarnation,
      load: async (ref) => {
        this.loadCount += 1
        if (this.holdLoads) await this.#gate(this.loads)
        return inner.load(ref)
      },
      append: async (ref, update, options) => {
        this.appendCount += 1
        if (this.holdAppends) await this.#gate(this.appends)
        return inner.append(ref, update, options)
      },
    }
  }

  #gate(gates: Gate[]): Promise<void> {
    return new Promise((resolve, reject) => {
      gates.push({ open: resolve, fail: reject })
      for (const arrived of this.#arrived.splice(0)) arrived()
    })
  }

  /** Resolves when so many loads or appends are being held. */
  async held(gates: Gate[], count = 1): Promise<void> {
    while (gates.length < count) await new Promise<void>((resolve) => this.#arrived.push(resolve))
  }
}

/** A socket without a network. */
export class FakeWire implements Wire {
  sent: Uint8Array[] = []
  closedWith: number | null = null
  terminated = false
  pings = 0
  paused = false
  /** When true nothing is taken: bytes stay waiting. */
  stuck = false
  #waiting = 0
  #part: Uint8Array[] = []
  #looks: (() => void)[] = []

  send(bytes: Uint8Array, last: boolean): void {
    if (this.stuck) this.#waiting += bytes.length
    this.#part.push(bytes)
    if (last) this.sent.push(new Uint8Array(Buffer.concat(this.#part.splice(0))))
    for (const look of this.#looks.splice(0)) look()
  }

  sendAll(messages: readonly Uint8Array[]): void {
    for (const message of messages) this.send(message, true)
  }

  get waiting(): number {
    return this.#waiting
  }

  get isFull(): boolean {
    return this.#waiting >= 64 * 1024
  }

  /** Nothing more is taken, and so much is waiting already. */
  stick(bytes: number): void {
    this.stuck = true
    this.#waiting += bytes
  }

  take(bytes: number): void {
    this.#waiting = Math.max(0, this.#waiting - bytes)
  }

  close(code: number): void {
    this.closedWith ??= code
    for (const look of this.#looks.splice(0)) look()
  }

  terminate(): void {
    this.terminated = true
  }

  ping(): void {
    this.pings += 1
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
  }

  /** Resolves when the condition holds, looked at after each message and close. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#looks.push(resolve))
  }

  /** The messages of one kind: `00 01` is a step 2, `00 02` an update, ... */
  of(...kind: number[]): Uint8Array[] {
    return this.sent.filter((bytes) => kind.every((byte, i) => bytes[i] === byte))
  }

  step2s = (): Uint8Array[] => this.of(0, 1)
  updates = (): Uint8Array[] => this.of(0, 2)

  /** Resolves when so many step 2 have come. */
  async answered(count = 1): Promise<void> {
    await this.until(() => this.step2s().length >= count)
  }
}

export interface House {
  readonly rooms: Rooms
  readonly clock: ManualClock
  readonly held: HeldLog
  readonly events: RelayEvent[]
  readonly metrics: Metrics
  connect(options?: { mayWrite?: boolean; document?: string }): { peer: StockPeer; wire: FakeWire }
}

export function house(
  limits: Partial<Limits> = {},
  held = new HeldLog(),
  examiner: Examiner = inlineExaminer,
  costly: CostlyNotes | null = null,
  ahead: Ahead | null = null,
): House {
  const clock = new ManualClock()
  const metrics = new Metrics()
  const events: RelayEvent[] = []
  const report = (event: RelayEvent): void => {
    events.push(event)
  }
  const all: Limits = { ...DEFAULT_LIMITS, ...limits }
  let id = 0
  const onFailed = (space: string, error: unknown): void => {
    throw new Error(`the bytes of ${space} could not be counted`, { cause: error })
  }
  const quota = new Quota({ log: held.log, blobs: null, bytes: all.spaceQuota, clock, onFailed })
  const rooms = new Rooms({
    quota,
    log: held.log,
    clock,
    limits: all,
    metrics,
    examiner,
    report,
    randomId: () => `e${++id}`,
    costly,
    ahead,
  })
  return {
    rooms,
    clock,
    held,
    events,
    metrics,
    connect({ mayWrite = true, document = REF.document } = {}) {
      const wire = new FakeWire()
      const peer = new StockPeer({
        id: ++id,
        mayWrite,
        wire,
        limits: all,
        metrics,
        report,
        monotonic: () => clock.monotonic(),
        onGone: () => undefined,
      })
      peer.enter((member) => rooms.join({ ...REF, document }, member))
      return { peer, wire }
    },
  }
}

export const STEP1 = encodeStep1(encodeStateVector(new Map()))

/** A document whose updates are messages. */
export function writerDoc(): { doc: Y.Doc; frames: Uint8Array[]; updates: Uint8Array[] } {
  const doc = new Y.Doc()
  const frames: Uint8Array[] = []
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => {
    updates.push(update)
    frames.push(encodeUpdate(update))
  })
  return { doc, frames, updates }
}

/** The text of a document that was told these step 2 and update messages. */
export function textOf(messages: readonly Uint8Array[]): string {
  const doc = new Y.Doc()
  for (const message of messages) {
    let at = 2
    while (message[at]! >= 128) at += 1
    Y.applyUpdate(doc, message.subarray(at + 1))
  }
  return doc.getText('text').toString()
}
