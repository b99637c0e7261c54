import { seededRandom } from '@holdfast/testkit'
import { createDecoder } from 'lib0/decoding'
import { createEncoder, toUint8Array, writeVarUint, writeVarUint8Array } from 'lib0/encoding'
import { describe, expect, it } from 'vitest'
import { writePermissionDenied } from 'y-protocols/auth'
import * as sync from 'y-protocols/sync'
import * as Y from 'yjs'
import {
  CLOSE,
  decodeStockFrame,
  encodeAwarenessFrame,
  encodePermissionDenied,
  encodeQueryAwareness,
  encodeStep1,
  encodeStep2,
  encodeUpdate,
  isFinalClose,
  isName,
} from '../src/index.ts'

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

/** What a stock client or server sends and what we make of it, byte for byte. These never change. */
const GOLDEN: [string, string, Uint8Array, ReturnType<typeof decodeStockFrame>][] = [
  ['step 1', '0000020107', encodeStep1(bytes('0107')), { kind: 'step1', stateVector: bytes('0107') }],
  ['step 2', '0001020000', encodeStep2(bytes('0000')), { kind: 'step2', update: bytes('0000') }],
  ['update', '0002020000', encodeUpdate(bytes('0000')), { kind: 'update', update: bytes('0000') }],
  ['awareness', '010100', encodeAwarenessFrame(bytes('00')), { kind: 'awareness', awareness: bytes('00') }],
  ['permission denied', '0200026e6f', encodePermissionDenied('no'), { kind: 'auth', reason: 'no' }],
  ['query awareness', '03', encodeQueryAwareness(), { kind: 'queryAwareness' }],
]

describe('stock frames', () => {
  it.each(GOLDEN)('W6 %s is these bytes, both ways', (_name, golden, encoded, frame) => {
    expect(hex(encoded)).toBe(golden)
    expect(decodeStockFrame(bytes(golden))).toEqual(frame)
  })

  it('W6 are the bytes that y-protocols writes', () => {
    const doc = new Y.Doc()
    doc.getText('t').insert(0, 'x'.repeat(300))
    const written = (write: (encoder: ReturnType<typeof createEncoder>) => void, type = 0): string => {
      const encoder = createEncoder()
      writeVarUint(encoder, type)
      write(encoder)
      return hex(toUint8Array(encoder))
    }
    const update = Y.encodeStateAsUpdate(doc)
    expect(hex(encodeStep1(Y.encodeStateVector(doc)))).toBe(written((e) => sync.writeSyncStep1(e, doc)))
    expect(hex(encodeStep2(update))).toBe(written((e) => sync.writeSyncStep2(e, doc)))
    expect(hex(encodeUpdate(update))).toBe(written((e) => sync.writeUpdate(e, update)))
    expect(hex(encodePermissionDenied('nö'))).toBe(written((e) => writePermissionDenied(e, 'nö'), 2))
    expect(hex(encodeAwarenessFrame(update))).toBe(written((e) => writeVarUint8Array(e, update), 1))
  })

  it('W6 we answer is understood by y-protocols', () => {
    const from = new Y.Doc()
    from.getText('t').insert(0, 'hello')
    const to = new Y.Doc()
    const decoder = createDecoder(encodeStep2(Y.encodeStateAsUpdate(from)))
    decoder.pos = 1
    expect(sync.readSyncMessage(decoder, createEncoder(), to, null)).toBe(sync.messageYjsSyncStep2)
    expect(to.getText('t').toString()).toBe('hello')
  })

  it.each([
    ['nothing', ''],
    ['an unknown type', '04'],
    ['an unknown sync type', '000300'],
    ['a sync message that ends early', '00'],
    ['a body that ends early', '000205aa'],
    ['a body longer than memory', '0002ffffffffffffff0f00'],
    ['a number over 2^53', '0002ffffffffffffffff7f'],
    ['a number without end', '000280808080808080808080'],
    ['bytes after the end', '000202000000'],
    ['bytes after a query', '0300'],
    ['an unknown auth message', '020100'],
    ['a reason that is not UTF-8', '020001ff'],
  ])('W6 %s is garbage', (_name, text) => {
    expect(decodeStockFrame(bytes(text))).toEqual({ kind: 'garbage', reason: expect.any(String) })
  })

  it('W6 no bytes make decoding throw', () => {
    for (let seed = 1; seed <= 3000; seed++) {
      const random = seededRandom(seed)
      const frame = random.bytes(random.int(20))
      frame[0] = random.int(5)
      expect(() => decodeStockFrame(frame), `seed ${seed}`).not.toThrow()
    }
  })
})

describe('close codes', () => {
  it('W8 these numbers never change, and 4400 to 4499 are the final ones', () => {
    expect(CLOSE).toMatchObject({
      SHUTTING_DOWN: 1001,
      BAD_FRAME: 4400,
      TOKEN_EXPIRED: 4401,
      FORBIDDEN: 4403,
      PURGED: 4410,
      TOO_BIG: 4413,
      TEXT_FRAME: 4415,
      STORAGE_FAILED: 4500,
      LOAD_FAILED: 4503,
      STALLED: 4508,
      TOO_EARLY: 4525,
      BUSY: 4529,
      TOO_FAST: 4530,
    })
    for (const code of [4400, 4401, 4403, 4410, 4413, 4415, 4499]) expect(isFinalClose(code), `${code}`).toBe(true)
    for (const code of [1000, 1001, 1006, 4399, 4500, 4503, 4508, 4525, 4529, 4530])
      expect(isFinalClose(code), `${code}`).toBe(false)
  })
})

describe('names', () => {
  it('are 1 to 128 characters that a path never escapes, and no path segment that is resolved away', () => {
    for (const name of ['a', 'A-z.0_~', '...', 'x'.repeat(128)]) expect(isName(name), name).toBe(true)
    for (const name of ['', '.', '..', 'x'.repeat(129), 'a/b', 'a b', 'ä', 'a\n', '%41', 'a\u0000']) {
      expect(isName(name), name).toBe(false)
    }
  })
})
