/**
 * Prints what the relay's half of /sync does on this machine: the relay over LevelDB in a process of its own, one client here.
 * `node --conditions=@holdfast/source packages/relay/test/sync/throughput.probe.ts`
 */
import { fork } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLevelLog } from '@holdfast/update-log/level'
import * as Y from 'yjs'
import { createAccess, createRelay } from '../../src/index.ts'
import { Device } from './driver.ts'

const ADMIN = 'an-admin-token-that-is-long-enough-0123456789'
const [, script = '', role, directory = ''] = process.argv

if (role === 'relay') await serve()
else await measure()

async function serve(): Promise<void> {
  const log = await openLevelLog({ directory })
  const relay = createRelay({ log, access: createAccess({ key: new Uint8Array(32), adminToken: ADMIN }) })
  const server = createServer()
  relay.attach(server)
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port))
  process.on('message', async () => {
    await relay.close()
    await log.close()
    process.exit(0)
  })
}

async function measure(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-probe-'))
  const relay = fork(script, ['relay', folder], { execArgv: ['--conditions=@holdfast/source'] })
  const port = await new Promise<number>((resolve) => relay.once('message', (message) => resolve(message as number)))
  const connect = (): Promise<Device> => new Device({ port, token: ADMIN }).connect()
  await outbox(await connect(), 500, 20)
  await outbox(await connect(), 10_000, 1, 'list')
  await list(await connect())
  await fetchAll(await connect(), 10_000)
  await latency(await connect(), false)
  await bigDocument(await connect())
  await latency(await connect(), true)
  relay.send('end')
  await new Promise((resolve) => relay.once('exit', resolve))
  await rm(folder, { recursive: true, force: true })
}

/** As small a conversation as messages are: a map per message, with a few hundred bytes of text. */
function messages(count: number): Uint8Array[] {
  const doc = new Y.Doc()
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array) => updates.push(update))
  for (let i = 0; i < count; i += 1) {
    doc.transact(() => {
      const message = new Y.Map<unknown>()
      message.set('id', `message-${i}`)
      message.set('role', i % 2 === 0 ? 'user' : 'assistant')
      message.set('text', new Y.Text('lorem ipsum dolor sit amet '.repeat(8)))
      doc.getMap('messages').set(`message-${i}`, message)
    })
  }
  return updates
}

interface Work {
  readonly document: string
  readonly stateVector: Uint8Array
  readonly updates: readonly Uint8Array[]
}

/** Exchanges documents, as many at a time as the relay lets; resolves when each has been acknowledged and closed. */
async function exchange(device: Device, work: Work[], onUpdate: (bytes: number) => void): Promise<void> {
  let left = work.length
  let next = 0
  let isFilling = false
  const fill = (): void => {
    if (isFilling) return
    isFilling = true
    while (next < work.length && device.sync.freeChannels > 512) begin(work[next++]!)
    isFilling = false
    device.pump()
  }
  const begin = ({ document, stateVector, updates }: Work): void => {
    const opening = device.sync.open({ document, epoch: '', seq: 0, mode: 'exchange', stateVector })!
    let open = { isLevel: false, acked: 0 }
    const look = (): void => {
      if (open.isLevel && open.acked >= updates.length) {
        open = { isLevel: false, acked: 0 }
        device.handle({ kind: 'channel', opening, event: { kind: 'close' } })
      }
    }
    device.listen(opening, (effect) => {
      if (effect.kind === 'opened') {
        for (const update of updates) device.handle({ kind: 'channel', opening, event: { kind: 'update', update } })
      } else if (effect.kind === 'deliver') onUpdate(effect.update.length)
      else if (effect.kind === 'level') open.isLevel = true
      else if (effect.kind === 'acked') open.acked = effect.upTo
      else if (effect.kind === 'closed') {
        left -= 1
        fill()
      } else if (effect.kind === 'refused') throw new Error(effect.text)
      look()
    })
  }
  fill()
  await device.until(() => left === 0)
}

async function outbox(device: Device, documents: number, each: number, prefix = 'outbox'): Promise<void> {
  const empty = Y.encodeStateVector(new Y.Doc())
  const work = Array.from({ length: documents }, (_, i) => ({
    document: `${prefix}-${i}`,
    stateVector: empty,
    updates: messages(each),
  }))
  const begun = performance.now()
  await exchange(device, work, () => undefined)
  const ms = performance.now() - begun
  print(`${documents * each} messages in ${documents} documents acknowledged`, ms, documents * each, 'messages/s')
  device.close()
}

async function list(device: Device): Promise<void> {
  const begun = performance.now()
  await device.until(() => new Set(device.entries.map(({ document }) => document)).size >= 10_500)
  print(
    `a list of ${device.entries.length} from the feed`,
    performance.now() - begun,
    device.entries.length,
    'entries/s',
  )
  device.close()
}

async function fetchAll(device: Device, documents: number): Promise<void> {
  const stateVector = Y.encodeStateVector(new Y.Doc())
  const work = Array.from({ length: documents }, (_, i) => ({ document: `list-${i}`, stateVector, updates: [] }))
  let bytes = 0
  const begun = performance.now()
  await exchange(device, work, (more) => {
    bytes += more
  })
  print(`${documents} documents (${bytes} bytes) fetched`, performance.now() - begun, documents, 'documents/s')
  device.close()
}

async function bigDocument(device: Device): Promise<void> {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'x'.repeat(5_000_000))
  const work = { document: 'big', stateVector: Y.encodeStateVector(new Y.Doc()), updates: [Y.encodeStateAsUpdate(doc)] }
  await exchange(device, [work], () => undefined)
  device.close()
}

async function latency(device: Device, isFetching: boolean): Promise<void> {
  const doc = new Y.Doc()
  const stateVector = Y.encodeStateVector(doc)
  const opening = device.sync.open({ document: `live-${isFetching}`, epoch: '', seq: 0, mode: 'watch', stateVector })!
  let acked = 0
  let isOpen = false
  device.listen(opening, (effect) => {
    if (effect.kind === 'acked') acked = effect.upTo
    if (effect.kind === 'level') isOpen = true
  })
  device.pump()
  await device.until(() => isOpen)
  let fetched = 0
  let done = false
  const empty = Y.encodeStateVector(new Y.Doc())
  const fetching = (async () => {
    while (isFetching && !done) {
      await exchange(device, [{ document: 'big', stateVector: empty, updates: [] }], () => {
        fetched += 1
      })
    }
  })()
  const times: number[] = []
  for (let i = 1; i <= 1_000; i += 1) {
    let update: Uint8Array = new Uint8Array(0)
    doc.once('update', (made: Uint8Array) => {
      update = made
    })
    doc.getText('text').insert(0, 'token ')
    const begun = performance.now()
    device.handle({ kind: 'channel', opening, event: { kind: 'update', update } })
    await device.until(() => acked >= i)
    times.push(performance.now() - begun)
  }
  done = true
  await fetching
  times.sort((a, b) => a - b)
  const at = (part: number): string => times[Math.floor(times.length * part)]!.toFixed(2)
  const while_ = isFetching ? ` while 5 MB are fetched over the same socket (${fetched} times)` : ''
  say(`synced p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms${while_}`)
  device.close()
}

function print(what: string, ms: number, count: number, unit: string): void {
  say(`${what} in ${ms.toFixed(0)} ms: ${((count / ms) * 1000).toFixed(0)} ${unit}`)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
