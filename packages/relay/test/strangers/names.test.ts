import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeStateVector, encodeUpdate, isName, REFUSAL } from '@holdfast/protocol'
import { openDiskBlobs } from '@holdfast/update-log/blobs'
import { openLevelLog } from '@holdfast/update-log/level'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { hashOf } from '../blobs/ask.ts'
import { STEP1, writerDoc } from '../fakes.ts'
import { ADMIN, get, type RunningRelay, rawClient, startRelay } from '../helpers.ts'
import { SyncSocket } from './sync-socket.ts'
import { TcpClient } from './tcp-client.ts'

/** Names that are none, as they would be sent. */
const BAD: readonly [string, string][] = [
  ['nothing', ''],
  ['a dot', '.'],
  ['two dots', '..'],
  ['a way up', '../in'],
  ['a way up that is encoded', '..%2Fin'],
  ['a way up that is encoded twice', '..%252Fin'],
  ['a backslash', '..\\in'],
  ['a NUL', 'in\0'],
  ['a NUL that is encoded', 'in%00'],
  ['a line feed', 'in\n'],
  ['a tab', 'in\t'],
  ['a space', 'in '],
  ['a space that is encoded', 'in%20'],
  ['a letter that is encoded', '%69n'],
  ['a plus', 'in+'],
  ['129 characters', 'x'.repeat(129)],
  ['64 KiB', 'x'.repeat(64 * 1024)],
  ['a Cyrillic letter that looks like ours', 'іn'],
  ['a full-width letter', 'ｉn'],
  ['a letter and an accent that goes with it', 'i\u0301n'],
  ['the same as one', 'ín'],
  ['a character without width', 'in\u200b'],
  ['a mark that turns the text around', '\u202ein'],
  ['half of a surrogate pair', 'in\ud800'],
  ['a letter of our databases', 'in!'],
  ['a separator of our keys', 'in/in'],
  ['a question mark', 'in?'],
  ['a semicolon', 'in;x'],
  ['a star', '*'],
]

let directory = ''
let running: RunningRelay | null = null
let close: () => Promise<void> = async () => undefined
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-names-'))
})
afterEach(async () => {
  await running?.stop()
  running = null
  await close()
  close = async () => undefined
  await rm(directory, { recursive: true })
})

/** A relay over a real folder, with a document `in`, and a file beside the folder that nobody may reach. */
async function start(): Promise<RunningRelay> {
  const data = join(directory, 'data')
  await mkdir(data)
  await writeFile(join(directory, 'in'), 'outside')
  const log = await openLevelLog({ directory: data })
  const blobs = await openDiskBlobs(join(data, 'blobs'), { now: Date.now })
  close = async () => {
    await blobs.close()
    await log.close()
  }
  running = await startRelay({ log, blobs })
  const { doc, updates } = writerDoc()
  doc.getText('text').insert(0, 'inside')
  await log.append({ space: 'default', document: 'in' }, updates[0]!)
  return running
}

async function everything(at: RunningRelay): Promise<unknown> {
  const documents = await at.log.documents('default')
  const files = (await readdir(directory, { recursive: true })).filter(
    (name) => !/\.(log|ldb)$|MANIFEST|CURRENT|LOG/.test(name),
  )
  return [await at.log.spaces(), documents.map(({ document, feed }) => [document, feed]), files.sort()]
}

/** What a name looks like in a request line: the bytes as they are, for servers that are spoken to by programs. */
const raw = (name: string): Buffer => Buffer.from(name, 'utf8')

async function requestRaw(port: number, method: string, before: string, name: string, after = ''): Promise<string> {
  const client = new TcpClient(port)
  client.socket.write(
    Buffer.concat([
      Buffer.from(`${method} ${before}`),
      raw(name),
      Buffer.from(
        `${after} HTTP/1.1\r\nHost: localhost:${port}\r\nAuthorization: Bearer ${ADMIN}\r\nConnection: close\r\n\r\n`,
      ),
    ]),
  )
  await client.closed
  return client.head.split(' ')[1] ?? ''
}

describe.each(BAD)('%s', (_what, name) => {
  it('N1 is no name on any endpoint, and reaches nothing', async () => {
    const at = await start()
    const unchanged = await everything(at)
    expect(isName(name)).toBe(false)
    const refusedWith = new Set<string>()
    for (const [before, after] of [
      ['/yjs/default/', `?token=${ADMIN}`],
      ['/yjs/', `/in?token=${ADMIN}`],
      ['/sync/', ''],
      ['/feed/', ''],
      ['/access/', ''],
      ['/blobs/', ''],
      ['/blobs/', `/${hashOf(new Uint8Array())}`],
      ['/blobs/default/', ''],
    ] as const) {
      const status = await requestRaw(at.port, 'GET', before, name, after)
      // A question mark ends the path: what is before it is a good name then, and the address that of a WebSocket.
      const isCutShort = name.includes('?') && (before.startsWith('/yjs') || after === '')
      if (!isCutShort) refusedWith.add(status)
    }
    for (const status of refusedWith) expect(['400', '404', '426', '431']).toContain(status)
    expect(refusedWith.has('200')).toBe(false)

    const sync = await SyncSocket.hello(at.port, ADMIN)
    if (name.length <= 128 && !/[\ud800-\udfff]/.test(name)) {
      const stateVector = encodeStateVector(new Map())
      sync.send({ kind: 'open', channel: 1, document: name, epoch: '', seq: 0, mode: 'watch', stateVector })
      expect(await sync.next('refused')).toMatchObject({
        code: REFUSAL.BAD_NAME,
        text: expect.stringContaining('1 to 128'),
      })
      if (name !== '') {
        sync.send({ kind: 'open', channel: 1, document: 'in', epoch: name, seq: 0, mode: 'watch', stateVector })
        expect(await sync.next('refused')).toMatchObject({ code: REFUSAL.BAD_NAME })
      }
      sync.send({ kind: 'summary', request: 1, document: name, epoch: 'e', summary: new Uint8Array(1) })
      expect(await sync.next('failed')).toMatchObject({ request: 1, code: REFUSAL.BAD_NAME })
      sync.send({ kind: 'purge', request: 2, document: name, epoch: 'e' })
      expect(await sync.next('failed')).toMatchObject({ request: 2, code: REFUSAL.BAD_NAME })
      sync.send({ kind: 'open', channel: 2, document: 'in', epoch: '', seq: 0, mode: 'watch', stateVector })
      await sync.next('opened')
      sync.send({ kind: 'lease', channel: 2, request: 3, key: name, operation: 'acquire', ttl: 5_000, fencing: 0 })
      expect(await sync.next('failed')).toMatchObject({ request: 3, code: REFUSAL.BAD_NAME })
    }
    sync.socket.terminate()
    expect(await everything(at)).toEqual(unchanged)
  })
})

it('N2 names that differ in case, or look alike, are different documents', async () => {
  const at = await start()
  const names = [
    'IN',
    'In',
    'ln',
    '1n',
    'in.',
    'in~',
    '_in',
    '...',
    '-',
    'constructor',
    '__proto__',
    'toString',
    'x'.repeat(128),
  ]
  for (const name of names) {
    const client = rawClient(`ws://127.0.0.1:${at.port}/yjs/default/${name}?token=${ADMIN}`)
    await client.opened
    const { doc, frames } = writerDoc()
    doc.getText('text').insert(0, name)
    client.socket.send(frames[0]!)
    client.socket.send(STEP1)
    await client.message((bytes) => bytes[0] === 0 && bytes[1] === 1)
    client.socket.terminate()
  }
  const stored = (await at.log.documents('default')).map(({ document }) => document)
  expect(stored.sort()).toEqual(['in', ...names].sort())
  expect((await get(at.port, '/access/__proto__', { authorization: `Bearer ${ADMIN}` })).status).toBe(404)
  expect((await get(at.port, '/__proto__')).status).toBe(404)
  expect(encodeUpdate(new Uint8Array(2))[0]).toBe(0)
})
