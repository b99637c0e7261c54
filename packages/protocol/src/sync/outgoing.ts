import { encodePiece } from './encode.ts'
import { PIECE_OVERHEAD, type SyncLimits } from './limits.ts'

/** What waits in one channel, in order. The first frame is `offset` bytes under way when it travels in pieces. */
interface Lane {
  readonly channel: number
  frames: Uint8Array[]
  /** Index of the first frame. */
  head: number
  offset: number
  bytes: number
}

/** Sent frames are let go of in steps, so that a long queue is not moved for each. */
const COMPACT_AFTER = 64

/**
 * What is to be sent over one socket, shared fairly (Y5, Y6): order is kept within a channel, channels take turns, and
 * what fits a frame goes before the next piece of what does not, up to a piece's worth, so that nothing starves. Holds the bytes
 * it was given; does no I/O: `next` hands out what the socket can take.
 */
export class Outgoing {
  readonly #lanes = new Map<number, Lane>()
  /** Channels by what their first frame is; each channel is in exactly one while it has anything. */
  readonly #small = new Set<Lane>()
  readonly #bulk = new Set<Lane>()
  /** First frames that may not start until other transfers are over (Y4), oldest first. */
  readonly #waiting = new Set<Lane>()
  #piece: number
  #message: number
  #bytes = 0
  /** What the transfers under way add up to. */
  #underWay = 0
  /** Bytes of whole frames since the last piece. */
  #smallRun = 0

  constructor(limits: Pick<SyncLimits, 'piece' | 'message'>) {
    this.#piece = limits.piece
    this.#message = limits.message
  }

  /** Takes the other side's limits as soon as they are known; what is under way is not cut anew. */
  setLimits(limits: Pick<SyncLimits, 'piece' | 'message'>): void {
    this.#piece = limits.piece
    this.#message = limits.message
  }

  /** Bytes that wait, in all. */
  get bytes(): number {
    return this.#bytes
  }

  /** Bytes that wait in one channel. */
  bytesOf(channel: number): number {
    return this.#lanes.get(channel)?.bytes ?? 0
  }

  /** @returns false when the frame is over the limit of a message: it was not taken */
  enqueue(channel: number, frame: Uint8Array): boolean {
    if (frame.length > this.#message) return false
    let lane = this.#lanes.get(channel)
    if (lane === undefined) {
      lane = { channel, frames: [], head: 0, offset: 0, bytes: 0 }
      this.#lanes.set(channel, lane)
    }
    lane.frames.push(frame)
    lane.bytes += frame.length
    this.#bytes += frame.length
    if (lane.frames.length - lane.head === 1) this.#place(lane)
    return true
  }

  /**
   * Frames of at least `budget` bytes in all, if there are as many, and at least one if there is any.
   * @param pieces whether pieces may be among them
   */
  next(budget: number, pieces = true): Uint8Array[] {
    const frames: Uint8Array[] = []
    let left = budget
    do {
      const frame = this.#take(pieces)
      if (frame === null) break
      frames.push(frame)
      left -= frame.length
    } while (left > 0)
    return frames
  }

  /**
   * Forgets what waits in a channel, but for frames that `unwanted` does not name. A transfer under way that is unwanted is given up,
   * which the other side is told.
   */
  drop(channel: number, unwanted: (frame: Uint8Array) => boolean = () => true): void {
    const lane = this.#lanes.get(channel)
    if (lane === undefined) return
    const waiting = lane.frames.slice(lane.head)
    const half = lane.offset > 0 ? (waiting.shift() ?? null) : null
    const kept = waiting.filter((frame) => !unwanted(frame))
    // A transfer under way that is wanted stays where it is, at the front.
    const stays = half !== null && !unwanted(half)
    if (stays) {
      const bytes = half.length - lane.offset + sum(kept)
      this.#bytes += bytes - lane.bytes
      Object.assign(lane, { frames: [half, ...kept], head: 0, bytes })
      return
    }
    this.#small.delete(lane)
    this.#bulk.delete(lane)
    this.#waiting.delete(lane)
    this.#lanes.delete(channel)
    this.#bytes -= lane.bytes
    if (half !== null) {
      this.#end(half.length)
      this.enqueue(channel, encodePiece({ kind: 'piece', channel, offset: 0, total: 0, bytes: new Uint8Array(0) }))
    }
    for (const frame of kept) this.enqueue(channel, frame)
  }

  #first(lane: Lane): Uint8Array {
    return lane.frames[lane.head]!
  }

  #place(lane: Lane): void {
    const { length } = this.#first(lane)
    if (length <= this.#piece) this.#small.add(lane)
    else if (this.#waiting.size === 0 && this.#underWay + length <= this.#message) this.#start(lane, length)
    else this.#waiting.add(lane)
  }

  #start(lane: Lane, length: number): void {
    this.#underWay += length
    this.#bulk.add(lane)
  }

  #end(length: number): void {
    this.#underWay -= length
    for (const lane of this.#waiting) {
      const { length } = this.#first(lane)
      if (this.#underWay + length > this.#message) break
      this.#waiting.delete(lane)
      this.#start(lane, length)
    }
  }

  #take(pieces: boolean): Uint8Array | null {
    const small = firstOf(this.#small)
    const bulk = pieces ? firstOf(this.#bulk) : null
    if (small !== null && (bulk === null || this.#smallRun < this.#piece)) {
      this.#small.delete(small)
      const frame = this.#first(small)
      this.#smallRun = bulk === null ? 0 : this.#smallRun + frame.length
      this.#shift(small)
      return frame
    }
    if (bulk === null) return null
    this.#smallRun = 0
    return this.#takePiece(bulk)
  }

  #takePiece(lane: Lane): Uint8Array {
    const whole = this.#first(lane)
    const { channel, offset } = lane
    const end = Math.min(whole.length, offset + Math.max(1, this.#piece - PIECE_OVERHEAD))
    const bytes = whole.subarray(offset, end)
    this.#bulk.delete(lane)
    if (end === whole.length) {
      lane.offset = 0
      lane.bytes += offset
      this.#bytes += offset
      this.#shift(lane)
      this.#end(whole.length)
    } else {
      lane.offset = end
      lane.bytes -= bytes.length
      this.#bytes -= bytes.length
      this.#bulk.add(lane)
    }
    return encodePiece({ kind: 'piece', channel, offset, total: whole.length, bytes })
  }

  /** Lets go of the first frame and puts the channel where the next one belongs. */
  #shift(lane: Lane): void {
    const { length } = this.#first(lane)
    lane.bytes -= length
    this.#bytes -= length
    lane.head += 1
    if (lane.head === lane.frames.length) {
      this.#lanes.delete(lane.channel)
      return
    }
    if (lane.head >= COMPACT_AFTER && lane.head * 2 >= lane.frames.length) {
      lane.frames = lane.frames.slice(lane.head)
      lane.head = 0
    }
    this.#place(lane)
  }
}

function sum(frames: readonly Uint8Array[]): number {
  return frames.reduce((bytes, frame) => bytes + frame.length, 0)
}

function firstOf<T>(set: ReadonlySet<T>): T | null {
  const first = set.values().next()
  return first.done === true ? null : first.value
}
