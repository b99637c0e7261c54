import { encodeStateVector } from '@holdfast/protocol'
import * as Y from 'yjs'
import { StockPeer } from '../peers/stock.ts'
import { SyncPeer } from '../peers/sync.ts'

export type Endpoint = 'stock' | 'sync'

const EMPTY = encodeStateVector(new Map())

/** Somebody who has a document open. */
export interface Reader {
  readonly doc: Y.Doc
  /** Resolves when it has the document as it was. */
  readonly ready: Promise<void>
  readonly closed: Promise<unknown>
  leave(): void
}

export interface Way {
  readonly url: string
  readonly host: string
}

export function openReader(way: Way, endpoint: Endpoint, document: string, onChange: () => void): Reader {
  const doc = new Y.Doc()
  doc.on('update', onChange)
  const ready = Promise.withResolvers<void>()
  if (endpoint === 'stock') {
    const peer = new StockPeer({
      ...way,
      document,
      onFrame(frame) {
        if (frame.kind === 'step2' || frame.kind === 'update') Y.applyUpdate(doc, frame.update)
        if (frame.kind === 'step2') ready.resolve()
      },
    })
    peer.opened.then(() => peer.ask(EMPTY), ready.reject)
    return {
      doc,
      ready: ready.promise,
      closed: peer.closed,
      leave: () => peer.leave(),
    }
  }
  const peer = new SyncPeer({ ...way, client: 'reader' })
  peer.connect().then(() => {
    peer.open({ document, epoch: '', seq: 0, mode: 'watch', stateVector: EMPTY }, (effect) => {
      if (effect.kind === 'deliver') Y.applyUpdate(doc, effect.update)
      else if (effect.kind === 'level') ready.resolve()
    })
  }, ready.reject)
  return {
    doc,
    ready: ready.promise,
    closed: peer.closed,
    leave: () => peer.leave(),
  }
}

/** Writes large updates, each after the last was acknowledged. @returns the document as it is then */
export async function writeMuch(url: string, document: string, count: number, bytes: number): Promise<Y.Doc> {
  const doc = new Y.Doc()
  const map = doc.getMap<Uint8Array>('large')
  const peer = new SyncPeer({ url, client: 'writer' })
  await peer.connect()
  await new Promise<void>((resolve, reject) => {
    void peer.closed.then(() => reject(new Error('the writer was cut off')))
    let sent = 0
    let opening = 0
    const write = (): void => {
      if (sent === count) {
        resolve()
        return
      }
      sent += 1
      // The same key again and again: much to be sent, little to be kept.
      map.set('value', new Uint8Array(bytes).fill(sent))
    }
    doc.on('update', (update: Uint8Array) => {
      peer.handle({ kind: 'channel', opening, event: { kind: 'update', update } })
    })
    peer.open({ document, epoch: '', seq: 0, mode: 'watch', stateVector: EMPTY }, (effect, number) => {
      opening = number
      if (effect.kind === 'opened') write()
      else if (effect.kind === 'acked' && effect.upTo === sent) write()
      else if (effect.kind === 'closed') reject(new Error(effect.text))
    })
  })
  peer.leave()
  await peer.closed
  return doc
}
