import { crc32c, masked } from './crc32.ts'
import { unsnappy } from './snappy.ts'

/**
 * LevelDB's tables (leveldb/doc/table_format.md). Classic-level reads their blocks without looking at the checksums: a changed byte comes back as
 * data, or ends the whole process by an assertion. So they are looked at before LevelDB does, and a block that is damaged is made one that
 * holds nothing. What was in it is then missing, which the numbers of our records show, and everything else can be read and rewritten.
 */
export type Mended =
  | { readonly kind: 'whole' }
  /** `bytes` is the table without what was damaged. */
  | { readonly kind: 'mended'; readonly bytes: Uint8Array; readonly blocks: number }
  /** The index is damaged: nobody knows what is where. */
  | { readonly kind: 'hopeless' }

export interface Block {
  readonly offset: number
  /** Of its contents, without the trailer. */
  readonly size: number
}

const FOOTER_BYTES = 48
const MAGIC = [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]
/** Kind of compression (1) and masked crc32c (4) behind each block. */
const TRAILER_BYTES = 5

export function mendTable(bytes: Uint8Array): Mended {
  const footer = bytes.subarray(Math.max(0, bytes.length - FOOTER_BYTES))
  if (footer.length < FOOTER_BYTES || !MAGIC.every((byte, i) => footer[FOOTER_BYTES - 8 + i] === byte)) {
    return { kind: 'hopeless' }
  }
  const reader = new Reader(footer)
  const told = reader.block()
  const index = reader.block()
  const entries = isWhole(bytes, index) ? entriesOf(bytes, index) : null
  if (entries === null) return { kind: 'hopeless' }
  // The footer has no checksum; where the meta block ends is known all the same.
  const meta = isWhole(bytes, told) || endOf(told) === index.offset ? told : findBefore(bytes, index.offset)
  if (meta === null) return { kind: 'hopeless' }
  const damaged: { block: Block; key: Uint8Array }[] = []
  for (const { key, block } of entries) if (!isWhole(bytes, block)) damaged.push({ block, key })
  const filters = isWhole(bytes, meta) ? filtersOf(bytes, meta) : null
  if (filters === null) damaged.push({ block: meta, key: Uint8Array.of(0) })
  const badFilters = (filters ?? []).filter(({ block }) => !isWhole(bytes, block))
  if (damaged.length === 0 && badFilters.length === 0 && meta === told) return { kind: 'whole' }
  // Not `slice`: a Buffer's is no copy.
  const mended = new Uint8Array(bytes)
  for (const { block } of badFilters) if (!disableFilter(mended, block)) return { kind: 'hopeless' }
  for (const { block, key } of damaged) if (!empty(mended, block, key)) return { kind: 'hopeless' }
  if (meta !== told) putFooter(mended, meta, index)
  return { kind: 'mended', bytes: mended, blocks: damaged.length + badFilters.length + (meta === told ? 0 : 1) }
}

function isWhole(bytes: Uint8Array, { offset, size }: Block): boolean {
  const end = offset + size
  if (end + TRAILER_BYTES > bytes.length) return false
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return view.getUint32(end + 1, true) === masked(crc32c(bytes.subarray(offset, end + 1)))
}

/** The filters that a meta block names; other entries are none of LevelDB's. */
function filtersOf(bytes: Uint8Array, meta: Block): { block: Block }[] {
  const prefix = new TextEncoder().encode('filter.')
  return (entriesOf(bytes, meta) ?? []).filter(({ key }) => prefix.every((byte, i) => key[i] === byte))
}

function endOf({ offset, size }: Block): number {
  return offset + size + TRAILER_BYTES
}

/** A meta block names one filter, in some 50 bytes. */
const META_BYTES = 256

/** The small block that ends where another begins, if its checksum says so. */
function findBefore(bytes: Uint8Array, end: number): Block | null {
  for (let size = 8; size <= META_BYTES; size += 1) {
    const block = { offset: end - TRAILER_BYTES - size, size }
    if (block.offset >= 0 && isWhole(bytes, block)) return block
  }
  return null
}

function putFooter(bytes: Uint8Array, meta: Block, index: Block): void {
  const footer = new Uint8Array(FOOTER_BYTES)
  footer.set([meta.offset, meta.size, index.offset, index.size].flatMap(varintOf))
  footer.set(MAGIC, FOOTER_BYTES - 8)
  bytes.set(footer, bytes.length - FOOTER_BYTES)
}

/** The entries of an index or meta block: keys, and the blocks that their values point at. */
function entriesOf(bytes: Uint8Array, at: Block): { key: Uint8Array; block: Block }[] | null {
  const entries = blockEntries(bytes, at)
  return entries === null
    ? null
    : entries.map(({ key, value }) => ({ key: key.slice(), block: new Reader(value).block() }))
}

export interface BlockEntry {
  readonly key: Uint8Array
  readonly value: Uint8Array
}

/** What stands in a block whose checksum is right. @returns null when it cannot be read all the same */
export function blockEntries(bytes: Uint8Array, { offset, size }: Block): BlockEntry[] | null {
  const raw = bytes.subarray(offset, offset + size)
  const contents = bytes[offset + size] === 0 ? raw : unsnappy(raw)
  if (contents === null || contents.length < 4) return null
  const view = new DataView(contents.buffer, contents.byteOffset, contents.byteLength)
  const end = contents.length - 4 - view.getUint32(contents.length - 4, true) * 4
  if (end < 0) return null
  const reader = new Reader(contents.subarray(0, end))
  const entries: BlockEntry[] = []
  let key = new Uint8Array()
  while (!reader.isAtEnd) {
    const shared = reader.varint()
    const fresh = reader.varint()
    const length = reader.varint()
    const rest = reader.bytes(fresh)
    const value = reader.bytes(length)
    if (shared > key.length || rest.length !== fresh || value.length !== length) return null
    const next = new Uint8Array(shared + fresh)
    next.set(key.subarray(0, shared))
    next.set(rest, shared)
    key = next
    entries.push({ key, value })
  }
  return entries
}

/** The blocks of data of a table, each with whether it is whole. @returns null when its index cannot be read */
export function dataBlocks(bytes: Uint8Array): { block: Block; whole: boolean }[] | null {
  const footer = bytes.subarray(Math.max(0, bytes.length - FOOTER_BYTES))
  if (footer.length < FOOTER_BYTES || !MAGIC.every((byte, i) => footer[FOOTER_BYTES - 8 + i] === byte)) return null
  const reader = new Reader(footer)
  reader.block()
  const index = reader.block()
  const entries = isWhole(bytes, index) ? entriesOf(bytes, index) : null
  return entries === null ? null : entries.map(({ block }) => ({ block, whole: isWhole(bytes, block) }))
}

/**
 * Makes a block one that holds a single entry, whose key is the block's own key in the index (so that the table stays in order) and whose value
 * is no value of ours. An index key is as large as a key can be for LevelDB, mostly newer than anything that is read.
 * @returns false when the block is too small for that
 */
function empty(bytes: Uint8Array, { offset, size }: Block, key: Uint8Array): boolean {
  for (const restarts of [1, 2]) {
    const space = size - 4 - restarts * 4
    // How long the length of the value is depends on the value, and the other way round.
    for (const lengthBytes of [1, 2, 3, 4]) {
      const value = space - varintOf(key.length).length - 1 - lengthBytes - key.length
      if (value < 0 || varintOf(value).length !== lengthBytes) continue
      const contents = new Uint8Array(size)
      contents.set([0, ...varintOf(key.length), ...varintOf(value), ...key])
      new DataView(contents.buffer).setUint32(size - 4, restarts, true)
      bytes.set(contents, offset)
      seal(bytes, { offset, size })
      return true
    }
  }
  return false
}

/** A filter that says of itself that it holds none is taken for one that always says perhaps. */
function disableFilter(bytes: Uint8Array, block: Block): boolean {
  if (block.size < 5 || block.offset + block.size + TRAILER_BYTES > bytes.length) return false
  bytes.fill(0xff, block.offset + block.size - 5, block.offset + block.size - 1)
  seal(bytes, block)
  return true
}

function seal(bytes: Uint8Array, { offset, size }: Block): void {
  const end = offset + size
  bytes[end] = 0
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  view.setUint32(end + 1, masked(crc32c(bytes.subarray(offset, end + 1))), true)
}

function varintOf(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128)
  return [...bytes, rest]
}

/** Reads LevelDB's varints and slices; past the end it reads zeros and nothing, which no check passes. */
export class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  varint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at] ?? 0
      this.#at += 1
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }

  bytes(count: number): Uint8Array {
    const found = this.#bytes.subarray(this.#at, this.#at + count)
    this.#at += count
    return found
  }

  block(): Block {
    return { offset: this.varint(), size: this.varint() }
  }
}
