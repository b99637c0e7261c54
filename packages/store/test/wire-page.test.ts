import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { addMessage, readConversation } from '@holdfast/conversation'
import { decodeClientFrame, decodeRelayFrame } from '@holdfast/protocol'
import { createAccess, createRelay } from '@holdfast/relay'
import { createMemoryLog } from '@holdfast/update-log/memory'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { afterEach, expect, test } from 'vitest'
import { WebSocket as NodeWebSocket } from 'ws'
import * as Y from 'yjs'
import page from '../../../docs/wire.md?raw'
import type { Store } from '../src/types.ts'
import { deviceOf, onRelay, texts } from './devices.ts'
import { startRelay, TOKEN } from './relay-harness.ts'
import { until } from './world.ts'

const [client = '', use = ''] = Array.from(page.matchAll(/```js\n([\s\S]*?)```/g), (block) => block[1]!)
const MAX_LINES = 120

const closing: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

type Run = (...given: unknown[]) => Promise<void>

/** What a reader copies, with its imports handed in. */
function programOf(names: readonly string[]): Run {
  const imports = client.match(/^import .*$/gm)
  expect(imports).toEqual([
    `import * as decoding from 'lib0/decoding'`,
    `import * as encoding from 'lib0/encoding'`,
    `import * as Y from 'yjs'`,
  ])
  const body = `${client}\n${use}`.replace(/^import .*$/gm, '').replace('export function', 'function')
  return new Function(...names, `return (async () => {\n${body}\n})()`) as Run
}

test('the client of the page is short', () => {
  expect(`${client}${use}`.trimEnd().split('\n').length).toBeLessThanOrEqual(MAX_LINES)
})

test('the client of the page lists a space, reads a conversation and appends to it', async () => {
  const relay = await startRelay()
  closing.push(() => relay.close())
  const stores = new Set<Store>()
  const store = await deviceOf(() => relay, stores).open()
  closing.push(() => store.close())
  const conversation = await store.create({ title: 'Anchors' })
  // Larger than a piece.
  const long = 'An anchor holds fast. '.repeat(10_000)
  const parts = [{ type: 'text', text: long }] as const
  conversation.edit((doc) => addMessage(doc, { id: 'first', role: 'user', createdAt: 1, parts }))
  await conversation.sent()
  // The list is told its summary right after.
  await until(store.status, ({ waiting }) => waiting === 0)

  const printed: unknown[][] = []
  const names = { Y, decoding, encoding, WebSocket: NodeWebSocket, url: relay.address.url, token: TOKEN }
  const console = { log: (...line: unknown[]) => void printed.push(line) }
  const given = { ...names, id: conversation.id, console }
  await programOf(Object.keys(given))(...Object.values(given))

  expect(printed[0]?.[0]).toBe(conversation.id)
  expect(printed[1]?.[0]).toBe('user')
  expect(JSON.parse(String(printed[1]?.[1]))).toMatchObject([{ type: 'text', text: long }])
  const written = readConversation(await onRelay(relay.log, conversation.id))
  expect(written.messages.map(({ parent }) => parent)).toEqual([null, 'first'])
  await until(texts(conversation), (all) => all.at(-1) === 'Written by another client.')
})

const blocks = Array.from(page.matchAll(/```text\n(>[\s\S]*?)```/g), (found) => found[1]!)

test.each([1, 2])('the bytes of the page are what a relay takes and gives, in version %i', async (version) => {
  const block = blocks[version - 1] ?? ''
  const lines = Array.from(block.matchAll(/^([><]) (\w+) +([0-9a-f ]+)$/gm), ([, side, kind, hex]) => {
    return { side, kind, bytes: new Uint8Array(Buffer.from(hex!.replaceAll(' ', ''), 'hex')) }
  })
  expect(lines.length).toBeGreaterThan(8)
  for (const { side, kind, bytes } of lines) {
    expect((side === '>' ? decodeClientFrame(bytes) : decodeRelayFrame(bytes, version)).kind).toBe(kind)
  }

  const log = createMemoryLog({ randomId: countedNames('history') })
  const noted = new Y.Doc()
  noted.clientID = 1
  noted.getText('text').insert(0, 'Hi')
  await log.append({ space: 'default', document: 'notes' }, Y.encodeStateAsUpdate(noted), { epoch: 'epoch1' })
  const access = createAccess({ key: new Uint8Array(32), adminToken: 'an-example-token-that-is-long-enough' })
  const relay = createRelay({ log, access, randomId: countedNames('epoch') })
  const server = createServer()
  relay.attach(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.push(async () => {
    await relay.close()
    server.close()
    await log.close()
  })
  const socket = new NodeWebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/sync/default`)
  const received: string[] = []
  let wake: () => void = () => undefined
  socket.on('message', (data: Buffer) => {
    received.push(data.toString('hex'))
    wake()
  })
  await new Promise((resolve) => socket.once('open', resolve))
  // Only the lines of one channel come in a fixed order.
  let due: string[] = []
  const take = async (): Promise<void> => {
    while (received.length < due.length) await new Promise<void>((resolve) => (wake = resolve))
    expect(received.splice(0, due.length).sort()).toEqual(due.sort())
    due = []
  }
  for (const { side, bytes } of lines) {
    if (side === '<') due.push(Buffer.from(bytes).toString('hex'))
    else {
      await take()
      socket.send(bytes)
    }
  }
  await take()
  socket.close()
})

function countedNames(prefix: string): () => string {
  let count = 0
  return () => `${prefix}${++count}`
}
