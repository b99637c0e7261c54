import { type Backoff, retryDelay, SyncClient, type SyncClientEffect, type SyncClientEvent } from '@holdfast/protocol'
import type { Random } from '@holdfast/testkit'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { StockPeer } from '../peers/stock.ts'
import { ADMIN_TOKEN } from '../process/relay.ts'

/** As the store has it: full jitter between nothing and a bound that doubles. */
const BACKOFF: Backoff = { first: 250, longest: 10_000 }

/** A client that stays: it comes again by itself whenever the connection goes, and has one document. */
export interface Member {
  /** How many others' and own edits it has. */
  readonly has: number
  /** Makes an edit: under a key of its own, so that what is there can be counted. */
  edit(key: string): void
  leave(): void
}

export interface MemberOptions {
  readonly url: string
  readonly document: string
  readonly name: string
  readonly client: number
  readonly random: Random
  /** Told whenever its document changes. */
  readonly onChange: () => void
}

function newDoc({ client, onChange }: MemberOptions): { doc: Y.Doc; map: Y.Map<number> } {
  const doc = new Y.Doc()
  doc.clientID = client
  doc.on('update', onChange)
  return { doc, map: doc.getMap<number>('edits') }
}

/** By `/sync`, with the client's own machine and all its timers. */
export function syncMember(options: MemberOptions): Member {
  const { url, document, name, random } = options
  const { doc, map } = newDoc(options)
  const machine = new SyncClient({ client: name, agent: 'faults', backoff: BACKOFF })
  const timers = new Map<string, NodeJS.Timeout>()
  let socket: WebSocket | null = null
  let opening: number | null = null
  let epoch = ''
  let seq = 0
  let isOpen = false

  const handle = (event: SyncClientEvent): void => {
    for (const effect of machine.handle(event, random.next())) apply(effect)
    pump()
  }
  const pump = (): void => {
    if (socket?.readyState !== WebSocket.OPEN) return
    for (let frames = machine.next(65_536); frames.length > 0; frames = machine.next(65_536)) {
      for (const frame of frames) socket.send(frame)
    }
  }
  const connect = (): void => {
    const made = new WebSocket(`${url.replace('http', 'ws')}/sync/default`, { perMessageDeflate: false })
    socket = made
    made.on('open', () => handle({ kind: 'socket-open' }))
    made.on('message', (data: Buffer) => handle({ kind: 'bytes', bytes: new Uint8Array(data), now: performance.now() }))
    made.on('error', () => undefined)
    made.on('close', (code, reason) => {
      if (socket !== made) return
      socket = null
      handle({ kind: 'socket-closed', code, reason: reason.toString() })
    })
  }
  const apply = (effect: SyncClientEffect): void => {
    switch (effect.kind) {
      case 'connect':
        connect()
        return
      case 'disconnect': {
        const left = socket
        socket = null
        left?.terminate()
        return
      }
      case 'set-timer':
        clearTimeout(timers.get(effect.timer))
        timers.set(
          effect.timer,
          setTimeout(() => handle({ kind: 'timer', timer: effect.timer }), effect.ms),
        )
        return
      case 'clear-timer':
        clearTimeout(timers.get(effect.timer))
        timers.delete(effect.timer)
        return
      case 'greeted':
        isOpen = false
        opening = machine.open({ document, epoch, seq, mode: 'watch', stateVector: Y.encodeStateVector(doc) })
        return
      case 'channel':
        hear(effect.effect)
    }
  }
  const hear = (effect: Extract<SyncClientEffect, { kind: 'channel' }>['effect']): void => {
    if (effect.kind === 'opened') {
      epoch = effect.epoch
      isOpen = true
      const update = Y.encodeStateAsUpdate(doc, effect.stateVector)
      handle({ kind: 'channel', opening: opening ?? 0, event: { kind: 'offer', update } })
    } else if (effect.kind === 'deliver') {
      seq = effect.seq
      Y.applyUpdate(doc, effect.update, 'relay')
    } else if (effect.kind === 'acked' || effect.kind === 'level') {
      seq = Math.max(seq, effect.seq)
    } else if (effect.kind === 'lost') {
      isOpen = false
    }
  }
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin === 'relay' || !isOpen || opening === null) return
    handle({ kind: 'channel', opening, event: { kind: 'update', update } })
  })
  handle({ kind: 'start', token: ADMIN_TOKEN, incarnation: '', cursor: 0 })
  return {
    get has() {
      return map.size
    },
    edit: (key) => void map.set(key, 1),
    leave() {
      handle({ kind: 'stop' })
      for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}

/** By the stock endpoint. */
export function stockMember(options: MemberOptions): Member {
  const { url, document, random } = options
  const { doc, map } = newDoc(options)
  let peer: StockPeer | null = null
  let retry: NodeJS.Timeout | undefined
  let attempt = 0
  let isOver = false

  const connect = (): void => {
    const made = new StockPeer({
      url,
      document,
      onFrame(frame) {
        if (frame.kind === 'step1') made.offer(Y.encodeStateAsUpdate(doc, frame.stateVector))
        else if (frame.kind === 'step2' || frame.kind === 'update') {
          attempt = 0
          Y.applyUpdate(doc, frame.update, 'relay')
        }
      },
    })
    peer = made
    made.opened.then(
      () => made.ask(Y.encodeStateVector(doc)),
      () => undefined,
    )
    void made.closed.then(() => {
      if (isOver) return
      retry = setTimeout(connect, retryDelay(attempt, random.next(), BACKOFF))
      attempt += 1
    })
  }
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== 'relay') peer?.update(update)
  })
  connect()
  return {
    get has() {
      return map.size
    },
    edit: (key) => void map.set(key, 1),
    leave() {
      isOver = true
      clearTimeout(retry)
      peer?.leave()
    },
  }
}
