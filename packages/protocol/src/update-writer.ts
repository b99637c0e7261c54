import { skipAny } from './any-content.ts'
import { ByteReader, varUintLength, writeVarUint } from './bytes.ts'
import { skipJson } from './json-content.ts'
import { type Ranges, toRanges } from './ranges.ts'
import { byteOfUnit } from './text-content.ts'
import { HAS_ORIGIN, HAS_RIGHT_ORIGIN, NONE, REF, type UpdateReader } from './update-reader.ts'

/** What Yjs writes where a cut went through a surrogate pair. */
const REPLACEMENT_CHARACTER = Uint8Array.of(0xef, 0xbf, 0xbd)

/** A run of text structs that is written as one: each continued the one before it. */
interface TextRun {
  /** The first struct's bytes before its text's length. */
  readonly header: Uint8Array
  readonly texts: Uint8Array[]
  bytes: number
  rightClient: number
  rightClock: number
}

/**
 * Puts the structs of one client together from byte ranges of updates that were read, without building them. Text that
 * continues the text before it (same client, next clock, its origin the last unit, the same right origin) is written as one
 * struct, as a Y.Doc does: by Yjs's own rules the two ways of writing mean the same.
 */
class BlockWriter {
  readonly client: number
  /** The clock of the first struct. */
  readonly start: number
  /** The clock after the last struct. */
  end: number
  /** Whether a Skip has been written. */
  hasHole = false
  #count = 0
  #parts: Uint8Array[] = []
  #size = 0
  #run: TextRun | null = null
  /** The last part, when more of the same bytes may follow it. */
  #source: Uint8Array | null = null
  #from = 0
  #to = 0

  constructor(client: number, start: number) {
    this.client = client
    this.start = start
    this.end = start
  }

  /** Adds the struct that `at` stands on, or what of it is at or after `end`; leaves a hole when it begins later. */
  add(at: UpdateReader): void {
    if (at.clock + at.length <= this.end || at.ref === REF.skip) return
    if (at.clock > this.end) this.#hole(at.clock)
    if (at.clock < this.end) this.#addSlice(at, this.end - at.clock)
    else if (at.ref === REF.string) this.#addText(at)
    else this.#addWhole(at)
    this.end = at.clock + at.length
  }

  #hole(until: number): void {
    this.#closeRun()
    const skip = new Uint8Array(1 + varUintLength(until - this.end))
    skip[0] = REF.skip
    writeVarUint(skip, 1, until - this.end)
    this.#push(skip)
    this.#count += 1
    this.hasHole = true
    this.end = until
  }

  #addWhole(at: UpdateReader): void {
    this.#closeRun()
    const { bytes } = at.reader
    if (this.#source === bytes && this.#to === at.start) {
      this.#to = at.end
    } else {
      this.#flushSource()
      this.#source = bytes
      this.#from = at.start
      this.#to = at.end
    }
    this.#count += 1
  }

  #addText(at: UpdateReader): void {
    const text = textOf(at)
    const run = this.#run
    if (run !== null && this.#continues(at, run)) {
      run.texts.push(text)
      run.bytes += text.length
      return
    }
    this.#openRun(at.reader.bytes.subarray(at.start, at.contentStart), [text], at)
  }

  #continues(at: UpdateReader, run: TextRun): boolean {
    return (
      at.originClient === this.client &&
      at.originClock === this.end - 1 &&
      at.rightClient === run.rightClient &&
      (at.rightClient === NONE || at.rightClock === run.rightClock)
    )
  }

  #openRun(header: Uint8Array, texts: Uint8Array[], at: UpdateReader): void {
    this.#closeRun()
    this.#flushSource()
    let bytes = 0
    for (const text of texts) bytes += text.length
    this.#run = { header, texts, bytes, rightClient: at.rightClient, rightClock: at.rightClock }
    this.#count += 1
  }

  /** What Yjs's `Item.write` does with an offset: the struct's own unit before the cut becomes its origin. */
  #addSlice(at: UpdateReader, offset: number): void {
    const header = sliceHeader(at, offset)
    if (at.ref === REF.string) {
      const text = textOf(at)
      const { at: cut, insidePair } = byteOfUnit(text, 0, offset)
      this.#openRun(header, insidePair ? [REPLACEMENT_CHARACTER, text.subarray(cut + 4)] : [text.subarray(cut)], at)
      return
    }
    this.#closeRun()
    this.#push(header)
    const left = at.length - offset
    const length = new Uint8Array(varUintLength(left))
    writeVarUint(length, 0, left)
    this.#push(length)
    if (at.ref === REF.any || at.ref === REF.json) {
      const reader = new ByteReader(at.reader.bytes, at.contentStart, at.end)
      reader.varUint()
      for (let i = 0; i < offset; i++) at.ref === REF.any ? skipAny(reader) : skipJson(reader, 'undefined')
      this.#push(at.reader.bytes.subarray(reader.pos, at.end))
    }
    this.#count += 1
  }

  #closeRun(): void {
    const run = this.#run
    if (run === null) return
    this.#run = null
    const head = new Uint8Array(run.header.length + varUintLength(run.bytes))
    head.set(run.header)
    writeVarUint(head, run.header.length, run.bytes)
    this.#push(head)
    for (const text of run.texts) this.#push(text)
  }

  #flushSource(): void {
    const source = this.#source
    if (source === null) return
    this.#source = null
    this.#push(source.subarray(this.#from, this.#to))
  }

  #push(part: Uint8Array): void {
    this.#flushSource()
    this.#parts.push(part)
    this.#size += part.length
  }

  /** Closes the block. @returns its length in bytes */
  finish(): number {
    this.#closeRun()
    this.#flushSource()
    return varUintLength(this.#count) + varUintLength(this.client) + varUintLength(this.start) + this.#size
  }

  writeTo(target: Uint8Array, pos: number): number {
    let at = writeVarUint(target, pos, this.#count)
    at = writeVarUint(target, at, this.client)
    at = writeVarUint(target, at, this.start)
    for (const part of this.#parts) {
      target.set(part, at)
      at += part.length
    }
    return at
  }
}

function textOf(at: UpdateReader): Uint8Array {
  const reader = new ByteReader(at.reader.bytes, at.contentStart, at.end)
  return reader.varBytes()
}

function sliceHeader(at: UpdateReader, offset: number): Uint8Array {
  if (at.ref === REF.gc) return Uint8Array.of(REF.gc)
  const hasRight = at.rightClient !== NONE
  const header = new Uint8Array(33)
  header[0] = at.ref | HAS_ORIGIN | (hasRight ? HAS_RIGHT_ORIGIN : 0)
  let pos = writeVarUint(header, 1, at.client)
  pos = writeVarUint(header, pos, at.clock + offset - 1)
  if (hasRight) {
    pos = writeVarUint(header, pos, at.rightClient)
    pos = writeVarUint(header, pos, at.rightClock)
  }
  return header.subarray(0, pos)
}

/** Makes one Yjs v1 update out of structs of others and a delete set. */
export class UpdateWriter {
  readonly #blocks = new Map<number, BlockWriter>()
  #last: BlockWriter | null = null

  /** The block of a client, begun at `start` when there is none yet. */
  block(client: number, start: number): BlockWriter {
    const last = this.#last
    if (last !== null && last.client === client) return last
    let block = this.#blocks.get(client)
    if (block === undefined) {
      block = new BlockWriter(client, start)
      this.#blocks.set(client, block)
    }
    this.#last = block
    return block
  }

  /** @param deletes by client `[from, to, from, to, ...]`, in any order */
  finish(deletes: ReadonlyMap<number, readonly number[]>): Uint8Array {
    // Higher clients first, as Yjs writes them.
    const blocks = [...this.#blocks.values()].sort((a, b) => b.client - a.client)
    const deleted: [number, Ranges][] = []
    for (const [client, flat] of deletes) {
      const ranges = toRanges(flat)
      if (ranges.length > 0) deleted.push([client, ranges])
    }
    deleted.sort((a, b) => b[0] - a[0])
    let size = varUintLength(blocks.length) + deletesLength(deleted)
    for (const block of blocks) size += block.finish()
    const update = new Uint8Array(size)
    let pos = writeVarUint(update, 0, blocks.length)
    for (const block of blocks) pos = block.writeTo(update, pos)
    writeDeletes(update, pos, deleted)
    return update
  }
}

export type { BlockWriter }

function deletesLength(deleted: readonly [number, Ranges][]): number {
  let size = varUintLength(deleted.length)
  for (const [client, ranges] of deleted) {
    size += varUintLength(client) + varUintLength(ranges.length / 2)
    for (let i = 0; i < ranges.length; i += 2) {
      size += varUintLength(ranges[i]!) + varUintLength(ranges[i + 1]! - ranges[i]!)
    }
  }
  return size
}

function writeDeletes(target: Uint8Array, start: number, deleted: readonly [number, Ranges][]): number {
  let pos = writeVarUint(target, start, deleted.length)
  for (const [client, ranges] of deleted) {
    pos = writeVarUint(target, pos, client)
    pos = writeVarUint(target, pos, ranges.length / 2)
    for (let i = 0; i < ranges.length; i += 2) {
      pos = writeVarUint(target, pos, ranges[i]!)
      pos = writeVarUint(target, pos, ranges[i + 1]! - ranges[i]!)
    }
  }
  return pos
}
