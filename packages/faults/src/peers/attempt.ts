import { encodeStateVector } from '@holdfast/protocol'
import * as Y from 'yjs'
import { StockPeer } from './stock.ts'
import { SyncPeer } from './sync.ts'

const EMPTY = encodeStateVector(new Map())

/** What became of an update: acknowledged, or the code of the refusal, or nothing because the connection went. */
export type Outcome = 'acknowledged' | 'gone' | number

/** Connects, opens a document, sends one update over `/sync`, and waits for what becomes of it. */
export async function tryWrite(url: string, document: string, update: Uint8Array): Promise<Outcome> {
  const peer = new SyncPeer({ url, client: 'attempt' })
  const outcome = new Promise<Outcome>((resolve) => {
    void peer.closed.then(() => resolve('gone'))
    peer.connect().then(
      () => {
        peer.open({ document, epoch: '', seq: 0, mode: 'watch', stateVector: EMPTY }, (effect, opening) => {
          if (effect.kind === 'opened') peer.handle({ kind: 'channel', opening, event: { kind: 'update', update } })
          else if (effect.kind === 'acked') resolve(effect.refused[0]?.code ?? 'acknowledged')
          else if (effect.kind === 'refused' || effect.kind === 'closed') resolve(effect.code)
        })
      },
      () => resolve('gone'),
    )
  })
  const became = await outcome
  peer.leave()
  await peer.closed
  return became
}

/** Sends one update over the stock endpoint and asks how far it got. @returns `acknowledged`, or the close code */
export async function tryStockWrite(url: string, document: string, update: Uint8Array): Promise<Outcome> {
  let answers = 0
  const done = Promise.withResolvers<Outcome>()
  const peer = new StockPeer({
    url,
    document,
    onFrame(frame) {
      if (frame.kind !== 'step2') return
      answers += 1
      if (answers === 1) {
        peer.update(update)
        peer.ask(EMPTY)
      } else done.resolve('acknowledged')
    },
  })
  void peer.closed.then((code) => done.resolve(code))
  peer.opened.then(
    () => peer.ask(EMPTY),
    () => undefined,
  )
  const became = await done.promise
  peer.leave()
  await peer.closed
  return became
}

/** Reads a document whole over the stock endpoint. @returns the close code when it is not given */
export async function readDocument(url: string, document: string): Promise<Y.Doc | number> {
  const doc = new Y.Doc()
  const done = Promise.withResolvers<Y.Doc | number>()
  const peer = new StockPeer({
    url,
    document,
    onFrame(frame) {
      if (frame.kind !== 'step2') return
      Y.applyUpdate(doc, frame.update)
      done.resolve(doc)
    },
  })
  void peer.closed.then((code) => done.resolve(code))
  peer.opened.then(
    () => peer.ask(EMPTY),
    () => undefined,
  )
  const found = await done.promise
  peer.leave()
  await peer.closed
  return found
}
