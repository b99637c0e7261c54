import { decodeUtf8, encodeUtf8 } from 'lib0/string'
import { ByteReader, MalformedError, varUintLength, writeVarUint } from './bytes.ts'

/**
 * One message of the stock y-websocket protocol. Byte fields are views of the received bytes, not copies.
 * The layout is in SPEC.md; the numbers are y-protocols'.
 */
export type StockFrame =
  /** Sync step 1: "this is the state vector I have, send me the rest". */
  | { readonly kind: 'step1'; readonly stateVector: Uint8Array }
  /** Sync step 2: the answer to a step 1. */
  | { readonly kind: 'step2'; readonly update: Uint8Array }
  | { readonly kind: 'update'; readonly update: Uint8Array }
  /** An awareness update, see `decodeAwareness`. */
  | { readonly kind: 'awareness'; readonly awareness: Uint8Array }
  | { readonly kind: 'auth'; readonly reason: string }
  | { readonly kind: 'queryAwareness' }
  | { readonly kind: 'garbage'; readonly reason: string }

const MESSAGE = { sync: 0, awareness: 1, auth: 2, queryAwareness: 3 } as const
const SYNC = { step1: 0, step2: 1, update: 2 } as const
const PERMISSION_DENIED = 0

/** Reads one message. Total: whatever the bytes are, it returns; bytes left over are garbage too. */
export function decodeStockFrame(bytes: Uint8Array): StockFrame {
  try {
    const reader = new ByteReader(bytes)
    const frame = readFrame(reader)
    return reader.pos === reader.end ? frame : { kind: 'garbage', reason: 'bytes after the end of the message' }
  } catch (error) {
    if (error instanceof MalformedError) return { kind: 'garbage', reason: error.message }
    throw error
  }
}

function readFrame(reader: ByteReader): StockFrame {
  const type = reader.varUint()
  switch (type) {
    case MESSAGE.sync:
      return readSync(reader)
    case MESSAGE.awareness:
      return { kind: 'awareness', awareness: reader.varBytes() }
    case MESSAGE.auth:
      return readAuth(reader)
    case MESSAGE.queryAwareness:
      return { kind: 'queryAwareness' }
    default:
      return { kind: 'garbage', reason: `unknown message type ${type}` }
  }
}

function readSync(reader: ByteReader): StockFrame {
  const type = reader.varUint()
  switch (type) {
    case SYNC.step1:
      return { kind: 'step1', stateVector: reader.varBytes() }
    case SYNC.step2:
      return { kind: 'step2', update: reader.varBytes() }
    case SYNC.update:
      return { kind: 'update', update: reader.varBytes() }
    default:
      return { kind: 'garbage', reason: `unknown sync message type ${type}` }
  }
}

function readAuth(reader: ByteReader): StockFrame {
  const type = reader.varUint()
  if (type !== PERMISSION_DENIED) return { kind: 'garbage', reason: `unknown auth message type ${type}` }
  const bytes = reader.varBytes()
  try {
    return { kind: 'auth', reason: decodeUtf8(bytes) }
  } catch {
    return { kind: 'garbage', reason: 'a reason that is not UTF-8' }
  }
}

export function encodeStep1(stateVector: Uint8Array): Uint8Array {
  return withBody(MESSAGE.sync, SYNC.step1, stateVector)
}

export function encodeStep2(update: Uint8Array): Uint8Array {
  return withBody(MESSAGE.sync, SYNC.step2, update)
}

export function encodeUpdate(update: Uint8Array): Uint8Array {
  return withBody(MESSAGE.sync, SYNC.update, update)
}

export function encodePermissionDenied(reason: string): Uint8Array {
  return withBody(MESSAGE.auth, PERMISSION_DENIED, encodeUtf8(reason))
}

/** `awareness` as made by `encodeAwareness`. */
export function encodeAwarenessFrame(awareness: Uint8Array): Uint8Array {
  return withBody(MESSAGE.awareness, null, awareness)
}

export function encodeQueryAwareness(): Uint8Array {
  return Uint8Array.of(MESSAGE.queryAwareness)
}

function withBody(type: number, subtype: number | null, body: Uint8Array): Uint8Array {
  const header = subtype === null ? 1 : 2
  const frame = new Uint8Array(header + varUintLength(body.length) + body.length)
  frame[0] = type
  if (subtype !== null) frame[1] = subtype
  frame.set(body, writeVarUint(frame, header, body.length))
  return frame
}
