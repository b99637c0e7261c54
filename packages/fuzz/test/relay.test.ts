import { createServer as createHttpServer } from 'node:http'
import type { AddressInfo, Server } from 'node:net'
import { CLOSE, encodeStateVector, encodeStep1, encodeUpdate } from '@holdfast/protocol'
import { createAccess, createRelay, type Relay } from '@holdfast/relay'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { corpus } from '../src/index.ts'

const TOKEN = 'the-token-of-this-test-0123456789'
const STEP1 = encodeStep1(encodeStateVector(new Map()))
let relay: Relay
let server: Server
let port: number
let log: ReturnType<typeof createMemoryLog>

beforeEach(async () => {
  log = createMemoryLog()
  relay = createRelay({ log, access: createAccess({ key: new Uint8Array(32).fill(7), adminToken: TOKEN }) })
  const http = createHttpServer()
  relay.attach(http)
  server = http
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  port = (http.address() as AddressInfo).port
})

afterEach(async () => {
  await relay.close()
  await new Promise((resolve) => server.close(resolve))
})

/** A socket of the stock endpoint: what it is told, and how it ends. */
async function stranger(
  document: string,
): Promise<{ socket: WebSocket; closed: Promise<number>; told: () => Promise<Uint8Array> }> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/yjs/default/${document}?token=${TOKEN}`, {
    perMessageDeflate: false,
  })
  const messages: Uint8Array[] = []
  let wake: () => void = () => undefined
  socket.on('message', (data: Buffer) => {
    messages.push(data)
    wake()
  })
  const closed = new Promise<number>((resolve) => socket.on('close', (code) => resolve(code)))
  void closed.then(() => wake())
  await new Promise((resolve) => socket.on('open', resolve))
  const told = async (): Promise<Uint8Array> => {
    while (messages.length === 0 && socket.readyState === WebSocket.OPEN) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    return messages.shift() ?? Uint8Array.of()
  }
  return { socket, closed, told }
}

/** Sends one message and then asks for the state. @returns the close code, or null when it was answered */
async function outcomeOf(document: string, message: Uint8Array): Promise<number | null> {
  const { socket, closed, told } = await stranger(document)
  socket.send(message)
  socket.send(STEP1)
  const answered = (async () => {
    for (let at = await told(); at.length > 0; at = await told()) if (at[0] === 0 && at[1] === 1) return null
    return undefined
  })()
  const outcome = await Promise.race([closed, answered.then((answer) => (answer === null ? null : closed))])
  socket.terminate()
  return outcome
}

describe('the corpus against a real relay', () => {
  it('W6 every hostile message closes its own connection with 4400 and stores nothing; every other is answered', async () => {
    const messages = [
      ...corpus('stock-frames'),
      ...corpus('updates').map((sample) => ({ ...sample, bytes: encodeUpdate(sample.bytes) })),
    ]
    let at = 0
    for (const { name, bytes, verdict } of messages) {
      const document = `d${++at}`
      const outcome = await outcomeOf(document, bytes)
      expect([name, outcome]).toEqual([name, verdict === 'garbage' ? CLOSE.BAD_FRAME : null])
      const loaded = await log.load({ space: 'default', document })
      if (verdict === 'garbage') expect([name, loaded]).toEqual([name, null])
      const doc = new Y.Doc()
      for (const update of loaded?.updates ?? []) Y.applyUpdate(doc, update)
      expect([name, doc.store.pendingStructs, doc.store.pendingDs]).toEqual([name, null, null])
    }
  })

  it('W6 an honest client in the same document keeps its connection and its text through all of it', async () => {
    const honest = await stranger('shared')
    const doc = new Y.Doc()
    doc.getText('honest').insert(0, 'mine')
    honest.socket.send(encodeUpdate(Y.encodeStateAsUpdate(doc)))
    for (const { bytes } of corpus('updates')) await outcomeOf('shared', encodeUpdate(bytes))
    for (const { bytes } of corpus('stock-frames')) await outcomeOf('shared', bytes)
    expect(honest.socket.readyState).toBe(WebSocket.OPEN)
    doc.getText('honest').insert(4, ' still')
    honest.socket.send(encodeUpdate(Y.encodeStateAsUpdate(doc)))
    honest.socket.send(STEP1)
    const read = new Y.Doc()
    while (read.getText('honest').toString() !== 'mine still') {
      const at = await honest.told()
      if (at.length === 0) throw new Error('the honest client was cut')
      if (at[0] !== 0 || at[1] === 0) continue
      let from = 2
      while (at[from]! >= 128) from += 1
      Y.applyUpdate(read, at.subarray(from + 1))
    }
    honest.socket.terminate()
  })
})
