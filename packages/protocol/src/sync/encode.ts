import {
  createEncoder,
  type Encoder,
  toUint8Array,
  writeUint8,
  writeVarString,
  writeVarUint,
  writeVarUint8Array,
} from 'lib0/encoding'
import {
  type ClientFrame,
  FRAME_TYPE,
  isReaching,
  LEASE_OPERATIONS,
  MODES,
  type PieceFrame,
  type RelayFrame,
  ROLES,
  type SyncFeedEntry,
  type SyncRole,
} from './frames.ts'
import { REACH_SINCE } from './limits.ts'

/** A value that a frame holds: a number, a text or bytes, each in lib0's variable length encoding. */
type Field = number | string | Uint8Array

/** The bytes of a frame, as laid out in SPEC-SYNC.md. Numbers must be whole, 0 to 2^53 - 1. */
export function encodeClientFrame(frame: ClientFrame): Uint8Array {
  switch (frame.kind) {
    case 'hello':
      return encode(FRAME_TYPE.hello, [
        frame.minVersion,
        frame.maxVersion,
        frame.client,
        frame.agent,
        frame.token,
        frame.incarnation,
        frame.cursor,
        ...(frame.reach === undefined || frame.maxVersion < REACH_SINCE ? [] : [frame.reach]),
      ])
    case 'renew':
      return encode(FRAME_TYPE.renew, [frame.token])
    case 'open':
      return encode(FRAME_TYPE.open, [
        frame.channel,
        frame.document,
        frame.epoch,
        frame.seq,
        MODES.indexOf(frame.mode),
        frame.stateVector,
      ])
    case 'close':
      return encode(FRAME_TYPE.close, [frame.channel])
    case 'message':
      return encode(FRAME_TYPE.message, [frame.channel, frame.bytes])
    case 'answer':
      return encode(FRAME_TYPE.answer, [frame.channel])
    case 'piece':
      return encodePiece(frame)
    case 'summary':
      return encode(FRAME_TYPE.summary, [frame.request, frame.document, frame.epoch, frame.summary])
    case 'purge':
      return encode(FRAME_TYPE.purge, [frame.request, frame.document, frame.epoch])
    case 'lease':
      return encode(FRAME_TYPE.lease, [
        frame.channel,
        frame.request,
        frame.key,
        LEASE_OPERATIONS.indexOf(frame.operation),
        frame.ttl,
        frame.fencing,
      ])
    case 'stop':
      return encode(FRAME_TYPE.stop, [frame.channel, frame.request, frame.key])
    case 'ping':
      return encode(FRAME_TYPE.ping, [frame.id])
  }
}

/**
 * The bytes of a frame, as laid out in SPEC-SYNC.md. Numbers must be whole, 0 to 2^53 - 1.
 * @param version the one that was agreed on; a welcome says its own
 */
export function encodeRelayFrame(frame: RelayFrame, version = 1): Uint8Array {
  const reach = version >= REACH_SINCE && isReaching(frame) ? [frame.reach ?? 0] : []
  switch (frame.kind) {
    case 'welcome': {
      const { message, piece, channels, summary } = frame.limits
      return encode(FRAME_TYPE.welcome, [
        frame.version,
        frame.incarnation,
        frame.follows ? 1 : 0,
        role(frame.role),
        frame.expiresIn,
        frame.head,
        message,
        piece,
        channels,
        summary,
        ...(frame.version < REACH_SINCE ? [] : [frame.until ?? 0]),
      ])
    }
    case 'renewed':
      return encode(FRAME_TYPE.renewed, [role(frame.role), frame.expiresIn])
    case 'opened':
      return encode(FRAME_TYPE.opened, [frame.channel, frame.epoch, frame.seq, role(frame.role), frame.stateVector])
    case 'refused':
      return encode(FRAME_TYPE.refused, [frame.channel, frame.code, frame.epoch, frame.text, ...reach])
    case 'closed':
      return encode(FRAME_TYPE.closed, [frame.channel, frame.code, frame.text, ...reach])
    case 'message':
      return encode(FRAME_TYPE.message, [frame.channel, frame.bytes])
    case 'update':
      return encode(FRAME_TYPE.update, [frame.channel, frame.seq, frame.update, ...reach])
    case 'at':
      return encode(FRAME_TYPE.at, [frame.channel, frame.seq, ...reach])
    case 'ack':
      return encode(FRAME_TYPE.ack, [
        frame.channel,
        frame.upTo,
        frame.seq,
        frame.refused.length,
        ...frame.refused.flatMap(({ n, code }) => [n, code]),
        ...reach,
      ])
    case 'resync':
      return encode(FRAME_TYPE.resync, [frame.channel, frame.stateVector])
    case 'piece':
      return encodePiece(frame)
    case 'feed':
      return encodeFeed(frame, reach)
    case 'leased':
      return encode(FRAME_TYPE.leased, [
        frame.channel,
        frame.request,
        frame.key,
        frame.holder,
        frame.fencing,
        frame.ttl,
      ])
    case 'stopRequested':
      return encode(FRAME_TYPE.stopRequested, [frame.channel, frame.key, frame.by])
    case 'done':
      return encode(FRAME_TYPE.done, [frame.request, frame.feed, ...reach])
    case 'failed':
      return encode(FRAME_TYPE.failed, [frame.request, frame.code, frame.text, ...reach])
    case 'pong':
      return encode(FRAME_TYPE.pong, [frame.id])
  }
}

export function encodePiece({ channel, offset, total, bytes }: PieceFrame): Uint8Array {
  return encode(FRAME_TYPE.piece, [channel, offset, total, bytes])
}

function encodeFeed(frame: Extract<RelayFrame, { kind: 'feed' }>, reach: readonly number[]): Uint8Array {
  const encoder = begin(FRAME_TYPE.feed, [frame.after, frame.upTo, frame.head, frame.reset, frame.entries.length])
  for (const entry of frame.entries) writeEntry(encoder, entry)
  write(encoder, reach)
  return toUint8Array(encoder)
}

function writeEntry(encoder: Encoder, { document, number, epoch, seq, purged, summary }: SyncFeedEntry): void {
  write(encoder, [document, number, epoch, seq, (purged ? 1 : 0) + (summary === null ? 0 : 2)])
  if (summary !== null) writeVarUint8Array(encoder, summary)
}

function role(role: SyncRole): number {
  return ROLES.indexOf(role)
}

/** Frames larger than this are written where they stay: growing the encoder and joining its parts would copy each byte twice more. */
const LARGE = 4 * 1024
/** Most bytes that a number, or a length, takes. */
const NUMBER_BYTES = 10

function encode(type: number, fields: readonly Field[]): Uint8Array {
  const room = fields.reduce<number>((sum, field) => sum + roomFor(field), 1)
  if (room < LARGE) return toUint8Array(begin(type, fields))
  const encoder = createEncoder()
  encoder.cbuf = new Uint8Array(room)
  writeUint8(encoder, type)
  write(encoder, fields)
  return encoder.cbuf.subarray(0, encoder.cpos)
}

function roomFor(field: Field): number {
  if (typeof field === 'number') return NUMBER_BYTES
  // A UTF-16 unit is three bytes at most.
  return NUMBER_BYTES + (typeof field === 'string' ? field.length * 3 : field.length)
}

function begin(type: number, fields: readonly Field[]): Encoder {
  const encoder = createEncoder()
  writeUint8(encoder, type)
  write(encoder, fields)
  return encoder
}

function write(encoder: Encoder, fields: readonly Field[]): void {
  for (const field of fields) {
    if (typeof field === 'number') writeVarUint(encoder, field)
    else if (typeof field === 'string') writeVarString(encoder, field)
    else writeVarUint8Array(encoder, field)
  }
}
