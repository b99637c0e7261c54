import {
  decodeStockFrame,
  encodeStateVector,
  encodeStep1,
  encodeUpdate,
  SyncClient,
  type SyncClientEffect,
  type SyncClientEvent,
} from '@holdfast/protocol'
import { type RawData, WebSocket } from 'ws'
import type { Clock } from '../options.ts'

/** One who comes, gets all of one document, says something new of it if there is anything to say, and goes. */
export interface Visit {
  readonly port: number
  readonly token: string
  readonly document: string
  readonly update: Uint8Array | null
  readonly clock: Clock
}

const SPACE = 'default'
/** A visit that takes longer has failed: nobody is to wait for the end of a warm-up. In ms. */
const PATIENCE = 5_000

/** By the stock endpoint. Resolves when it has gone; rejects when it was not answered. */
export function visitStock(visit: Visit): Promise<void> {
  const { token, document, update } = visit
  return new Promise((resolve, reject) => {
    const socket = connect(visit, `/yjs/${SPACE}/${document}?token=${token}`, resolve, reject)
    socket.on('open', () => socket.send(encodeStep1(encodeStateVector(new Map()))))
    socket.on('message', (bytes: RawData) => {
      if (!(bytes instanceof Uint8Array) || decodeStockFrame(bytes).kind !== 'step2') return
      if (update !== null) socket.send(encodeUpdate(update))
      socket.close()
    })
  })
}

/** By our own: until what it said is acknowledged. */
export function visitSync(visit: Visit): Promise<void> {
  const { token, document, update, clock } = visit
  return new Promise((resolve, reject) => {
    const sync = new SyncClient({ client: `warm-up-${document}`, agent: 'warm-up' })
    const socket = connect(visit, `/sync/${SPACE}`, resolve, reject)
    let opening = 0
    const handle = (event: SyncClientEvent): void => {
      for (const effect of sync.handle(event, 0)) take(effect)
      if (socket.readyState !== WebSocket.OPEN) return
      for (let frames = sync.next(65_536); frames.length > 0; frames = sync.next(65_536)) {
        for (const frame of frames) socket.send(frame)
      }
    }
    const take = (effect: SyncClientEffect): void => {
      if (effect.kind === 'welcomed') {
        const stateVector = encodeStateVector(new Map())
        opening = sync.open({ document, epoch: '', seq: 0, mode: 'watch', stateVector }) ?? 0
      } else if (effect.kind === 'channel' && effect.effect.kind === 'level' && update !== null) {
        handle({ kind: 'channel', opening, event: { kind: 'update', update } })
      } else if (effect.kind === 'channel' && (effect.effect.kind === 'level' || effect.effect.kind === 'acked')) {
        socket.close()
      }
    }
    socket.on('open', () => {
      handle({ kind: 'start', token, incarnation: '', cursor: 0 })
      handle({ kind: 'socket-open' })
    })
    socket.on('message', (bytes: RawData) => {
      if (bytes instanceof Uint8Array) handle({ kind: 'bytes', bytes, now: clock.monotonic() })
    })
  })
}

/** Resolves when the visitor closed it by itself. */
function connect({ port, clock }: Visit, path: string, resolve: () => void, reject: (error: Error) => void): WebSocket {
  const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { perMessageDeflate: false })
  const cancel = clock.after(PATIENCE, () => socket.terminate())
  // `close` follows, with nothing of why.
  socket.on('error', reject)
  socket.on('close', (code) => {
    cancel()
    // 1005: a close without a code, which is our own.
    if (code === 1005) resolve()
    else reject(new Error(`a visit to the relay ended with ${code}`))
  })
  return socket
}
