import { ByteReader, MalformedError } from '../bytes.ts'
import {
  type ClientFrame,
  FRAME_TYPE,
  type GarbageFrame,
  type HelloFrame,
  isReaching,
  LEASE_OPERATIONS,
  type MessageFrame,
  MODES,
  type PieceFrame,
  type RefusedUpdate,
  type RelayFrame,
  ROLES,
  type SyncFeedEntry,
  type WelcomeFrame,
} from './frames.ts'
import { FIELD, REACH_SINCE } from './limits.ts'
import { readChannel, readChoice, readFlag, readRequest, readText } from './read.ts'

/** Reads a frame from a client. Total: whatever the bytes are, it returns. Byte fields are views of `bytes`. */
export function decodeClientFrame(bytes: Uint8Array): ClientFrame | GarbageFrame {
  return decode(bytes, readClientFrame)
}

/**
 * Reads a frame from the relay. Total: whatever the bytes are, it returns. Byte fields are views of `bytes`.
 * @param version the one that was agreed on; before the welcome, which says it itself, it does not matter
 */
export function decodeRelayFrame(bytes: Uint8Array, version = 1): RelayFrame | GarbageFrame {
  return decode(bytes, (reader, type) => {
    const frame = readRelayFrame(reader, type)
    return version >= REACH_SINCE && isReaching(frame) ? { ...frame, reach: reader.varUint() } : frame
  })
}

function decode<F extends ClientFrame | RelayFrame>(
  bytes: Uint8Array,
  read: (reader: ByteReader, type: number) => F,
): F | GarbageFrame {
  try {
    const reader = new ByteReader(bytes)
    const frame = read(reader, reader.byte())
    // What a later version adds to its hello comes after: the hello is read before a version is agreed on (Y2).
    if (reader.pos !== reader.end && frame.kind !== 'hello') {
      return { kind: 'garbage', reason: 'bytes after the end of the frame' }
    }
    return frame
  } catch (error) {
    if (error instanceof MalformedError) return { kind: 'garbage', reason: error.message }
    throw error
  }
}

function readClientFrame(reader: ByteReader, type: number): ClientFrame {
  switch (type) {
    case FRAME_TYPE.hello:
      return readHello(reader)
    case FRAME_TYPE.renew:
      return { kind: 'renew', token: readText(reader, FIELD.token) }
    case FRAME_TYPE.open:
      return {
        kind: 'open',
        channel: readChannel(reader),
        document: readText(reader),
        epoch: readText(reader),
        seq: reader.varUint(),
        mode: readChoice(reader, MODES, 'mode'),
        stateVector: reader.varBytes(),
      }
    case FRAME_TYPE.close:
      return { kind: 'close', channel: readChannel(reader) }
    case FRAME_TYPE.message:
      return readMessage(reader)
    case FRAME_TYPE.piece:
      return readPiece(reader)
    case FRAME_TYPE.summary:
      return {
        kind: 'summary',
        request: readRequest(reader),
        document: readText(reader),
        epoch: readText(reader),
        summary: readSummary(reader),
      }
    case FRAME_TYPE.purge:
      return { kind: 'purge', request: readRequest(reader), document: readText(reader), epoch: readText(reader) }
    case FRAME_TYPE.lease:
      return {
        kind: 'lease',
        channel: readChannel(reader),
        request: readRequest(reader),
        key: readText(reader),
        operation: readChoice(reader, LEASE_OPERATIONS, 'lease operation'),
        ttl: reader.varUint(),
        fencing: reader.varUint(),
      }
    case FRAME_TYPE.stop:
      return { kind: 'stop', channel: readChannel(reader), request: readRequest(reader), key: readText(reader) }
    case FRAME_TYPE.answer:
      return { kind: 'answer', channel: readChannel(reader) }
    case FRAME_TYPE.ping:
      return { kind: 'ping', id: reader.varUint() }
    default:
      throw new MalformedError(`unknown frame type ${type}`)
  }
}

function readRelayFrame(reader: ByteReader, type: number): RelayFrame {
  switch (type) {
    case FRAME_TYPE.welcome:
      return readWelcome(reader)
    case FRAME_TYPE.renewed:
      return { kind: 'renewed', role: readChoice(reader, ROLES, 'role'), expiresIn: reader.varUint() }
    case FRAME_TYPE.opened:
      return {
        kind: 'opened',
        channel: readChannel(reader),
        epoch: readText(reader),
        seq: reader.varUint(),
        role: readChoice(reader, ROLES, 'role'),
        stateVector: reader.varBytes(),
      }
    case FRAME_TYPE.refused:
      return {
        kind: 'refused',
        channel: readChannel(reader),
        code: reader.varUint(),
        epoch: readText(reader),
        text: readText(reader, FIELD.text),
      }
    case FRAME_TYPE.closed:
      return {
        kind: 'closed',
        channel: readChannel(reader),
        code: reader.varUint(),
        text: readText(reader, FIELD.text),
      }
    case FRAME_TYPE.message:
      return readMessage(reader)
    case FRAME_TYPE.piece:
      return readPiece(reader)
    case FRAME_TYPE.update:
      return { kind: 'update', channel: readChannel(reader), seq: reader.varUint(), update: reader.varBytes() }
    case FRAME_TYPE.at:
      return { kind: 'at', channel: readChannel(reader), seq: reader.varUint() }
    case FRAME_TYPE.ack:
      return {
        kind: 'ack',
        channel: readChannel(reader),
        upTo: reader.varUint(),
        seq: reader.varUint(),
        refused: readRefused(reader),
      }
    case FRAME_TYPE.resync:
      return { kind: 'resync', channel: readChannel(reader), stateVector: reader.varBytes() }
    case FRAME_TYPE.feed:
      return {
        kind: 'feed',
        after: reader.varUint(),
        upTo: reader.varUint(),
        head: reader.varUint(),
        reset: reader.varUint(),
        entries: readEntries(reader),
      }
    case FRAME_TYPE.leased:
      return {
        kind: 'leased',
        channel: readChannel(reader),
        request: reader.varUint(),
        key: readText(reader),
        holder: readText(reader),
        fencing: reader.varUint(),
        ttl: reader.varUint(),
      }
    case FRAME_TYPE.stopRequested:
      return { kind: 'stopRequested', channel: readChannel(reader), key: readText(reader), by: readText(reader) }
    case FRAME_TYPE.done:
      return { kind: 'done', request: readRequest(reader), feed: reader.varUint() }
    case FRAME_TYPE.failed:
      return {
        kind: 'failed',
        request: readRequest(reader),
        code: reader.varUint(),
        text: readText(reader, FIELD.text),
      }
    case FRAME_TYPE.pong:
      return { kind: 'pong', id: reader.varUint() }
    default:
      throw new MalformedError(`unknown frame type ${type}`)
  }
}

/** Read before a version is agreed on: each field that a later version added is behind those of the one before, and may be missing. */
function readHello(reader: ByteReader): HelloFrame {
  const hello: HelloFrame = {
    kind: 'hello',
    minVersion: reader.varUint(),
    maxVersion: reader.varUint(),
    client: readText(reader),
    agent: readText(reader, FIELD.agent),
    token: readText(reader, FIELD.token),
    incarnation: readText(reader),
    cursor: reader.varUint(),
  }
  if (hello.maxVersion < REACH_SINCE || reader.pos === reader.end) return hello
  const reach = reader.varUint()
  return reach === 0 ? hello : { ...hello, reach }
}

function readWelcome(reader: ByteReader): WelcomeFrame {
  const welcome: WelcomeFrame = {
    kind: 'welcome',
    version: reader.varUint(),
    incarnation: readText(reader),
    follows: readFlag(reader),
    role: readChoice(reader, ROLES, 'role'),
    expiresIn: reader.varUint(),
    head: reader.varUint(),
    limits: {
      message: reader.varUint(),
      piece: reader.varUint(),
      channels: reader.varUint(),
      summary: reader.varUint(),
    },
  }
  return welcome.version < REACH_SINCE ? welcome : { ...welcome, until: reader.varUint() }
}

function readMessage(reader: ByteReader): MessageFrame {
  return { kind: 'message', channel: readChannel(reader), bytes: reader.varBytes() }
}

function readPiece(reader: ByteReader): PieceFrame {
  return {
    kind: 'piece',
    channel: reader.varUint(),
    offset: reader.varUint(),
    total: reader.varUint(),
    bytes: reader.varBytes(),
  }
}

function readSummary(reader: ByteReader): Uint8Array {
  const summary = reader.varBytes()
  if (summary.length > FIELD.summary) throw new MalformedError(`a summary over ${FIELD.summary} bytes`)
  return summary
}

function readRefused(reader: ByteReader): RefusedUpdate[] {
  const count = reader.count(2)
  if (count > FIELD.refusedPerAck) throw new MalformedError('too many refusals in one ack')
  const refused: RefusedUpdate[] = []
  for (let i = 0; i < count; i++) refused.push({ n: reader.varUint(), code: reader.varUint() })
  return refused
}

function readEntries(reader: ByteReader): SyncFeedEntry[] {
  const count = reader.count(5)
  if (count > FIELD.entriesPerPage) throw new MalformedError('too many entries in one page of the feed')
  const entries: SyncFeedEntry[] = []
  for (let i = 0; i < count; i++) {
    const document = readText(reader)
    const number = reader.varUint()
    const epoch = readText(reader)
    const seq = reader.varUint()
    const flags = reader.varUint()
    if (flags > 3) throw new MalformedError(`unknown flags ${flags} of a feed entry`)
    entries.push({
      document,
      number,
      epoch,
      seq,
      purged: flags % 2 === 1,
      summary: flags >= 2 ? readSummary(reader) : null,
    })
  }
  return entries
}
