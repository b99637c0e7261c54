import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CLOSE,
  type ClientFrame,
  encodeAwareness,
  encodeAwarenessFrame,
  encodeStep2,
  encodeUpdate,
  REFUSAL,
  type RelayFrame,
} from '@holdfast/protocol'
import type { UpdateLog } from '@holdfast/update-log'
import { createMemoryBlobs } from '@holdfast/update-log/blobs'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { createAccess, openTokenLedger, sendJson, type TokenLedger } from '../../src/index.ts'
import { ask, hashOf } from '../blobs/ask.ts'
import { STEP1 } from '../fakes.ts'
import { ADMIN, KEY, type RunningRelay, rawClient, startRelay, upgradeStatus } from '../helpers.ts'
import { DOCUMENTS, IDENTITIES, type Identity, reaches } from './identities.ts'
import { hello, openFrame, SyncSocket } from './sync-socket.ts'

/**
 * The whole matrix: everybody x documents in and out of reach x every message of both endpoints, blobs, the feed, access, administration and
 * metrics, over the real relay. Each cell says what is answered, and whether anything was stored.
 */

let directory = ''
let running: RunningRelay | null = null
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-matrix-'))
})
afterEach(async () => {
  await running?.stop()
  running = null
  await rm(directory, { recursive: true })
})

interface House extends RunningRelay {
  readonly ledger: TokenLedger
  /** What is stored of the documents, to be compared. */
  stored(): Promise<string>
}

/** A relay with the documents `in` and `out`, and one blob of each. */
async function start(): Promise<House> {
  const ledger = await openTokenLedger({ directory, now: Date.now, mend: true })
  const access = createAccess({ key: KEY, adminToken: ADMIN, ledger })
  const log = createMemoryLog()
  const blobs = createMemoryBlobs({ now: Date.now })
  for (const document of DOCUMENTS) {
    await log.append({ space: 'default', document }, BEFORE)
    const ref = { space: 'default', hash: hashOf(BLOB) }
    await blobs.put(ref, 'image/png', content(BLOB), 100, { document })
  }
  running = await startRelay({
    log,
    blobs,
    access,
    operations: {
      tidy: async (_request, response) => {
        sendJson(response, 200, { tidied: true })
        return null
      },
    },
  })
  const stored = async (): Promise<string> => {
    const documents = await Promise.all(DOCUMENTS.map((document) => shownOf(log, document)))
    return JSON.stringify([documents, await blobs.totals('default'), await blobs.references('default'), ledger.list()])
  }
  return { ...running, ledger, stored }
}

async function* content(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function shownOf(log: UpdateLog, document: string): Promise<unknown> {
  const ref = { space: 'default', document }
  const loaded = await log.load(ref)
  return [document, loaded?.seq, loaded?.summary?.length, (await log.stat(ref))?.kind]
}

const before = new Y.Doc()
before.getText('text').insert(0, 'before')
const BEFORE = Y.encodeStateAsUpdate(before)
const EDIT = ((): Uint8Array => {
  const doc = new Y.Doc()
  doc.getText('text').insert(0, 'an edit')
  return Y.encodeStateAsUpdate(doc)
})()
const BLOB = new Uint8Array([1, 2, 3])
const NEW_BLOB = new Uint8Array([4, 5, 6])
const AWARE = encodeAwarenessFrame(
  encodeAwareness([{ client: 7, clock: 1, state: new TextEncoder().encode('{"user":"x"}') }]),
)

const STATUS = { NO_TOKEN: 401, BAD_TOKEN: 401, FORBIDDEN: 403 } as const
const TEXT = {
  NO_TOKEN: 'A token is needed.',
  BAD_TOKEN: 'The token is wrong, has expired or was revoked. Ask for another.',
  FORBIDDEN: 'The token does not reach this.',
} as const

/** Why somebody is refused before anything else is looked at; null when not. */
function barred(identity: Identity, document: string | null): { status: number; code: string; message: string } | null {
  const code = identity.barred ?? (document === null || reaches(identity, document) ? null : 'FORBIDDEN')
  return code === null ? null : { status: STATUS[code], code, message: TEXT[code] }
}

const cells = IDENTITIES.flatMap((identity) => DOCUMENTS.map((document) => ({ identity, document })))
const named = cells.map((cell): [string, string, typeof cell] => [cell.identity.name, cell.document, cell])

describe('the stock endpoint', () => {
  it.each(named)('A7 %s, document %s', async (_name, _document, { identity, document }) => {
    const house = await start()
    const unchanged = await house.stored()
    const token = await identity.token(house)
    const path = `/yjs/default/${document}${token === null ? '' : `?token=${token}`}`
    const why = barred(identity, document)
    if (why !== null) {
      const { status, code, message } = why
      expect(await upgradeStatus(house.port, path)).toEqual({ status, body: { error: { code, message } } })
      expect(await house.stored()).toBe(unchanged)
      return
    }
    const client = rawClient(`ws://127.0.0.1:${house.port}${path}`)
    await client.opened
    let fences = 0
    const isStep2 = (bytes: Uint8Array): boolean => bytes[0] === 0 && bytes[1] === 1
    /** Sends a message and a fence, and gives what came before the fence's answer. */
    const say = async (message: Uint8Array): Promise<Uint8Array[]> => {
      const from = client.received.length
      client.socket.send(message)
      client.socket.send(STEP1)
      fences += 1
      await client.message(() => client.received.filter(isStep2).length >= fences)
      return client.received.slice(from).filter((bytes) => !isStep2(bytes))
    }
    const isDenied = (bytes: Uint8Array): boolean =>
      bytes[0] === 2 &&
      Buffer.from(bytes).toString().includes('this token may read and not write: the edit was not stored')

    expect((await say(AWARE)).some((bytes) => bytes[0] === 1)).toBe(true)
    expect((await say(Uint8Array.of(3))).some((bytes) => bytes[0] === 1)).toBe(true)
    // Permission denied is the relay's to say: from a client it means nothing.
    expect(await say(Uint8Array.of(2, 0, 1, 65))).toEqual([])
    expect(await say(encodeUpdate(BEFORE))).toEqual([])
    expect(await house.stored()).toBe(unchanged)
    for (const message of [encodeStep2(EDIT), encodeUpdate(EDIT)]) {
      expect((await say(message)).some(isDenied)).toBe(identity.role === 'read')
    }
    expect((await house.stored()) === unchanged).toBe(identity.role === 'read')
    client.socket.send(Uint8Array.of(9))
    expect((await client.closed).code).toBe(CLOSE.BAD_FRAME)
  })
})

describe('/sync', () => {
  const CLOSES = { NO_TOKEN: CLOSE.TOKEN_EXPIRED, BAD_TOKEN: CLOSE.TOKEN_EXPIRED, FORBIDDEN: CLOSE.FORBIDDEN } as const

  it.each(named)('A7 %s, document %s', async (_name, _document, { identity, document }) => {
    const house = await start()
    const token = await identity.token(house)
    const unchanged = await house.stored()
    if (identity.barred !== null) {
      const socket = await SyncSocket.open(house.port)
      // What is sent ahead of the verdict is not looked at.
      socket.send(hello(token ?? ''), openFrame(1, document))
      socket.send({ kind: 'purge', request: 1, document, epoch: 'e' })
      expect(await socket.closed).toEqual({ code: CLOSES[identity.barred], reason: TEXT[identity.barred] })
      expect(socket.frames).toEqual([])
      expect(await house.stored()).toBe(unchanged)
      return
    }
    const socket = await SyncSocket.hello(house.port, token!)
    const mayWrite = identity.role !== 'read'
    const kinds = (frames: readonly RelayFrame[]): string[] => frames.map(({ kind }) => kind)
    const say = async (...frames: ClientFrame[]): Promise<readonly RelayFrame[]> => {
      await socket.settled()
      socket.send(...frames)
      return socket.settled()
    }
    const { epoch = '' } = ((await house.log.stat({ space: 'default', document })) ?? {}) as { epoch?: string }

    if (!reaches(identity, document)) {
      const forbidden = { code: REFUSAL.FORBIDDEN, text: 'the token does not reach this document' }
      for (const mode of ['watch', 'exchange'] as const) {
        socket.send(openFrame(1, document, mode))
        expect(await socket.next('refused')).toMatchObject({ channel: 1, ...forbidden })
      }
      // The number is free again: what is said in it is under way to what has ended.
      expect(await say({ kind: 'message', channel: 1, bytes: encodeUpdate(EDIT) })).toEqual([])
      const summary = new Uint8Array(3)
      socket.send({ kind: 'summary', request: 5, document, epoch, summary })
      const readOnly = { code: REFUSAL.READ_ONLY, text: 'the role is read' }
      const answer = mayWrite ? forbidden : readOnly
      expect(await socket.next('failed')).toMatchObject({ request: 5, ...answer })
      socket.send({ kind: 'purge', request: 6, document, epoch })
      expect(await socket.next('failed')).toMatchObject({ request: 6, ...answer })
      expect(socket.frames.filter(({ kind }) => kind === 'feed').flatMap((page) => namesIn(page))).not.toContain(
        document,
      )
      expect(await house.stored()).toBe(unchanged)
      socket.socket.terminate()
      return
    }

    socket.send(openFrame(1, document))
    expect(await socket.next('opened')).toMatchObject({ role: identity.role })
    await socket.next('at')
    expect(kinds(await say({ kind: 'message', channel: 1, bytes: AWARE }))).toContain('message')
    expect(kinds(await say({ kind: 'message', channel: 1, bytes: Uint8Array.of(3) }))).toContain('message')
    socket.send({ kind: 'message', channel: 1, bytes: STEP1 })
    await socket.next('at')
    expect(await say({ kind: 'answer', channel: 1 })).toEqual([])
    // What brings nothing new is settled for everybody.
    socket.send({ kind: 'message', channel: 1, bytes: encodeUpdate(BEFORE) })
    expect(await socket.next('ack')).toMatchObject({ upTo: 1, refused: [] })
    expect(await house.stored()).toBe(unchanged)

    socket.send({ kind: 'lease', channel: 1, request: 2, key: 'turn', operation: 'acquire', ttl: 5_000, fencing: 0 })
    if (mayWrite) expect(await socket.next('leased')).toMatchObject({ request: 2, holder: 'w' })
    else
      expect(await socket.next('failed')).toMatchObject({
        request: 2,
        code: REFUSAL.READ_ONLY,
        text: 'the role is read',
      })
    socket.send({ kind: 'stop', channel: 1, request: 3, key: 'turn' })
    if (mayWrite) expect(await socket.next('done')).toMatchObject({ request: 3 })
    else expect(await socket.next('failed')).toMatchObject({ request: 3, code: REFUSAL.READ_ONLY })
    expect(await house.stored()).toBe(unchanged)

    socket.send({ kind: 'message', channel: 1, bytes: encodeStep2(EDIT) })
    const refused = mayWrite ? [] : [{ n: 2, code: REFUSAL.READ_ONLY }]
    expect(await socket.next('ack')).toMatchObject({ upTo: 2, refused })
    expect((await house.stored()) === unchanged).toBe(!mayWrite)
    const summary = new Uint8Array(3)
    socket.send({ kind: 'summary', request: 5, document, epoch, summary })
    if (mayWrite) expect(await socket.next('done')).toMatchObject({ request: 5 })
    else
      expect(await socket.next('failed')).toMatchObject({
        request: 5,
        code: REFUSAL.READ_ONLY,
        text: 'the role is read',
      })
    socket.send({ kind: 'close', channel: 1 })
    expect(await socket.next('closed')).toMatchObject({ code: REFUSAL.ENDED })
    socket.send({ kind: 'purge', request: 6, document, epoch })
    if (mayWrite) expect(await socket.next('done')).toMatchObject({ request: 6 })
    else
      expect(await socket.next('failed')).toMatchObject({
        request: 6,
        code: REFUSAL.READ_ONLY,
        text: 'the role is read',
      })
    expect((await house.stored()) === unchanged).toBe(!mayWrite)
    socket.socket.terminate()
  })
})

function namesIn(frame: RelayFrame): string[] {
  return frame.kind === 'feed' ? frame.entries.map(({ document }) => document) : []
}

describe('over HTTP', () => {
  /** What is asked, of whom it is refused although it was let in, and what else it answers. */
  interface Asked {
    readonly method: string
    readonly path: (document: string) => string
    /** Whether the document is part of what is asked. */
    readonly ofDocument: boolean
    readonly refused: (identity: Identity) => { status: number; code: string } | null
    readonly status: number
    readonly body?: Uint8Array
    readonly type?: string
    readonly stores: boolean
  }
  const never = (): null => null
  const readers = ({ role }: Identity) => (role === 'read' ? { status: 403, code: 'READ_ONLY' } : null)
  const notAdmins = ({ role }: Identity) => (role === 'admin' ? null : { status: 403, code: 'ADMINS_ONLY' })
  /** No identity here is an admin of all spaces. */
  const everybody = () => ({ status: 403, code: 'ADMINS_ONLY' })
  const blobPath = (bytes: Uint8Array) => `/blobs/default/${hashOf(bytes)}`
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value))

  const ASKED: readonly [string, Asked][] = [
    [
      'GET /access',
      { method: 'GET', path: () => '/access/default', ofDocument: false, refused: never, status: 200, stores: false },
    ],
    [
      'GET /feed',
      { method: 'GET', path: () => '/feed/default', ofDocument: false, refused: never, status: 200, stores: false },
    ],
    [
      'GET /blobs',
      { method: 'GET', path: () => '/blobs/default', ofDocument: false, refused: never, status: 200, stores: false },
    ],
    [
      'GET a blob',
      { method: 'GET', path: () => blobPath(BLOB), ofDocument: false, refused: never, status: 200, stores: false },
    ],
    [
      'HEAD a blob',
      { method: 'HEAD', path: () => blobPath(BLOB), ofDocument: false, refused: never, status: 200, stores: false },
    ],
    [
      'PUT a blob',
      {
        method: 'PUT',
        path: (document) => `${blobPath(NEW_BLOB)}?document=${document}`,
        ofDocument: true,
        refused: readers,
        status: 201,
        body: NEW_BLOB,
        type: 'image/png',
        stores: true,
      },
    ],
    [
      'POST references',
      {
        method: 'POST',
        path: (document) => `/blobs/default?document=${document}`,
        ofDocument: true,
        refused: readers,
        status: 200,
        body: json({ blobs: [hashOf(NEW_BLOB)] }),
        stores: true,
      },
    ],
    [
      'DELETE a blob',
      {
        method: 'DELETE',
        path: () => blobPath(BLOB),
        ofDocument: false,
        refused: notAdmins,
        status: 204,
        stores: true,
      },
    ],
    [
      'GET /admin/tokens',
      { method: 'GET', path: () => '/admin/tokens', ofDocument: false, refused: everybody, status: 200, stores: false },
    ],
    [
      'POST /admin/tokens',
      {
        method: 'POST',
        path: () => '/admin/tokens',
        ofDocument: false,
        refused: everybody,
        status: 201,
        body: json({ name: 'x', role: 'admin', spaces: '*', expires: Date.now() + 3_600_000 }),
        stores: false,
      },
    ],
    [
      'DELETE /admin/tokens/x',
      {
        method: 'DELETE',
        path: () => '/admin/tokens/x',
        ofDocument: false,
        refused: everybody,
        status: 200,
        stores: false,
      },
    ],
    [
      'POST an operation',
      { method: 'POST', path: () => '/admin/tidy', ofDocument: false, refused: everybody, status: 200, stores: false },
    ],
  ]

  describe.each(ASKED)('%s', (_asked, asked) => {
    it.each(named)('A7 %s, document %s', async (_name, _document, { identity, document }) => {
      const house = await start()
      const token = await identity.token(house)
      const unchanged = await house.stored()
      const isAdministration = asked.path('x').startsWith('/admin')
      // The administration is of no space: a token that reaches another one is refused like any other.
      const who = isAdministration && identity.barred === 'FORBIDDEN' ? { ...identity, barred: null } : identity
      const expected = barred(who, asked.ofDocument ? document : null) ?? asked.refused(identity)
      const answer = await ask(house, asked.method, asked.path(document), {
        token,
        ...(asked.body === undefined ? {} : { body: asked.body }),
        headers: asked.type === undefined ? {} : { 'content-type': asked.type },
      })
      if (expected !== null) {
        expect(answer.status).toBe(expected.status)
        if (asked.method !== 'HEAD') {
          const error = { code: expected.code, message: 'message' in expected ? expected.message : expect.any(String) }
          expect(JSON.parse(String(answer.body))).toEqual({ error })
        }
        expect(await house.stored()).toBe(unchanged)
        return
      }
      expect(answer.status).toBe(asked.status)
      expect((await house.stored()) === unchanged).toBe(!asked.stores)
      if (asked.path('x') === '/feed/default') {
        const names = (JSON.parse(String(answer.body)) as { entries: { document: string }[] }).entries.map(
          (entry) => entry.document,
        )
        expect(names.sort()).toEqual(DOCUMENTS.filter((one) => reaches(identity, one)))
      }
    })
  })
})
