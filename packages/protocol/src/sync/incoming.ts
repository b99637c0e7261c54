import { CLOSE } from '../close-codes.ts'
import { decodeClientFrame, decodeRelayFrame } from './decode.ts'
import { type ClientFrame, channelOf, type GarbageFrame, type PieceFrame, type RelayFrame } from './frames.ts'
import { Gathered } from './gathered.ts'
import { DEFAULT_SYNC_LIMITS, type SyncLimits } from './limits.ts'

/** What one message of the socket came to. */
export type Received<F> =
  | { readonly kind: 'frame'; readonly frame: F }
  /** A piece of a frame, kept. */
  | { readonly kind: 'piece' }
  /** The connection is to be closed with this code. */
  | { readonly kind: 'broken'; readonly code: typeof CLOSE.BAD_FRAME | typeof CLOSE.TOO_BIG; readonly reason: string }

interface Transfer {
  readonly total: number
  readonly gathered: Gathered
  lastPieceAt: number
}

/**
 * Turns the messages of one socket into frames, putting pieces together (Y4, Y5). Never throws; holds at most
 * `limits.message` bytes of unfinished transfers, up to twice over with the messages that they came in, or when one is joined.
 */
export class Incoming<F extends ClientFrame | RelayFrame> {
  readonly #decode: (bytes: Uint8Array, version: number) => F | GarbageFrame
  readonly #transfers = new Map<number, Transfer>()
  #frame: number
  #message: number
  #declared = 0
  #version = 1

  constructor(
    decode: (bytes: Uint8Array, version: number) => F | GarbageFrame,
    limits: Pick<SyncLimits, 'piece' | 'message'>,
  ) {
    this.#decode = decode
    this.#frame = largestFrame(limits)
    this.#message = limits.message
  }

  setLimits(limits: Pick<SyncLimits, 'piece' | 'message'>): void {
    this.#frame = largestFrame(limits)
    this.#message = limits.message
  }

  /** A version was agreed on: what comes from now on is read as it lays it out. */
  setVersion(version: number): void {
    this.#version = version
  }

  /** Bytes of transfers that are not finished. */
  get bytes(): number {
    let bytes = 0
    for (const transfer of this.#transfers.values()) bytes += transfer.gathered.length
    return bytes
  }

  /** When the transfer that waits longest for its next piece got its last one; null when none is under way. */
  get oldest(): number | null {
    let oldest: number | null = null
    for (const { lastPieceAt } of this.#transfers.values()) {
      if (oldest === null || lastPieceAt < oldest) oldest = lastPieceAt
    }
    return oldest
  }

  /** @param now milliseconds from any origin, for `oldest` */
  take(bytes: Uint8Array, now: number): Received<F> {
    if (bytes.length > this.#frame) return tooBig(`a frame over ${this.#frame} bytes`)
    const frame = this.#decode(bytes, this.#version)
    if (frame.kind === 'garbage') return broken(frame.reason)
    if (frame.kind === 'piece') return this.#piece(frame, now)
    if (this.#transfers.has(channelOf(frame))) return broken('a frame amid the pieces of another')
    return { kind: 'frame', frame }
  }

  #piece(piece: PieceFrame, now: number): Received<F> {
    const { channel, offset, total, bytes } = piece
    const under = this.#transfers.get(channel)
    if (total === 0) {
      if (under === undefined || offset !== 0 || bytes.length > 0) return broken('gives up a transfer that is not')
      this.#end(channel, under)
      return { kind: 'piece' }
    }
    const transfer = under ?? { total, gathered: new Gathered(total), lastPieceAt: now }
    if (under === undefined && this.#declared + total > this.#message) {
      return tooBig(`transfers of more than ${this.#message} bytes`)
    }
    if (total !== transfer.total || offset !== transfer.gathered.length) return broken('a piece out of order')
    if (bytes.length === 0 || bytes.length > total - offset) return broken('a piece beyond its transfer')
    if (under === undefined) {
      this.#declared += total
      this.#transfers.set(channel, transfer)
    }
    transfer.gathered.add(bytes)
    transfer.lastPieceAt = now
    if (transfer.gathered.length < total) return { kind: 'piece' }
    this.#end(channel, transfer)
    return this.#whole(channel, transfer.gathered.join())
  }

  #end(channel: number, transfer: Transfer): void {
    this.#transfers.delete(channel)
    this.#declared -= transfer.total
  }

  #whole(channel: number, bytes: Uint8Array): Received<F> {
    const frame = this.#decode(bytes, this.#version)
    if (frame.kind === 'garbage') return broken(frame.reason)
    if (frame.kind === 'piece' || frame.kind === 'hello') return broken(`a ${frame.kind} in pieces`)
    if (channelOf(frame) !== channel) return broken("a frame in pieces of another channel's")
    return { kind: 'frame', frame }
  }
}

export function incomingFromClient(limits: Pick<SyncLimits, 'piece' | 'message'>): Incoming<ClientFrame> {
  return new Incoming(decodeClientFrame, limits)
}

export function incomingFromRelay(limits: Pick<SyncLimits, 'piece' | 'message'>): Incoming<RelayFrame> {
  return new Incoming(decodeRelayFrame, limits)
}

/** Whoever does not know the limits yet goes by the default ones. */
function largestFrame({ piece }: Pick<SyncLimits, 'piece'>): number {
  return Math.max(piece, DEFAULT_SYNC_LIMITS.piece)
}

function broken(reason: string): { kind: 'broken'; code: typeof CLOSE.BAD_FRAME; reason: string } {
  return { kind: 'broken', code: CLOSE.BAD_FRAME, reason }
}

function tooBig(reason: string): { kind: 'broken'; code: typeof CLOSE.TOO_BIG; reason: string } {
  return { kind: 'broken', code: CLOSE.TOO_BIG, reason }
}
