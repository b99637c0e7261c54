import { skipAny, skipAnyObject } from './any-content.ts'
import { ByteReader, MalformedError } from './bytes.ts'
import { skipJson } from './json-content.ts'
import { skipString } from './text-content.ts'

/** What a struct is, by Yjs's own numbers (the lowest five bits of its first byte). */
export const REF = {
  gc: 0,
  deleted: 1,
  json: 2,
  binary: 3,
  string: 4,
  embed: 5,
  format: 6,
  type: 7,
  any: 8,
  doc: 9,
  skip: 10,
} as const

export const HAS_ORIGIN = 0x80
export const HAS_RIGHT_ORIGIN = 0x40
const HAS_PARENT_SUB = 0x20
const REF_BITS = 0x1f
/** Of Yjs's seven shared types, these two carry a name. */
const XML_ELEMENT = 3
const XML_HOOK = 5
const LAST_TYPE = 6

/** In a position's `client` field: there is none. */
export const NONE = -1

/**
 * Walks through the structs of a Yjs v1 update, then through its delete set, building nothing: the fields describe the
 * struct or the deletion it stands on. Contents are stepped over, checked as far as every reader's survival depends on it
 * (text is UTF-8, JSON is JSON, tags are known, nesting is bounded). Throws MalformedError; the caller turns that into a
 * value. The order of calls is: `nextBlock` / `nextStruct` until false, then `nextDeletion` until false.
 */
export class UpdateReader {
  readonly reader: ByteReader

  /** The client whose structs are being read. */
  client = 0
  /** The clock at which its block begins. */
  blockClock = 0
  /** Structs of this block still to come. */
  structsLeft = 0

  /** The struct's bytes, `[start, end)`, and where its content begins (for strings: at the length). */
  start = 0
  contentStart = 0
  end = 0
  ref = 0
  clock = 0
  length = 0
  originClient = NONE
  originClock = 0
  rightClient = NONE
  rightClock = 0
  /** Set when the parent is named by its position; a root type or a copied parent leaves NONE. */
  parentClient = NONE
  parentClock = 0
  hasParentSub = false

  deleteClient = 0
  deleteClock = 0
  deleteLength = 0

  #blocksLeft: number
  #deleteClientsLeft = NONE
  #deletesLeft = 0

  constructor(update: Uint8Array) {
    this.reader = new ByteReader(update)
    this.#blocksLeft = this.reader.count(3)
  }

  /** How many blocks are still to come. */
  get blocksLeft(): number {
    return this.#blocksLeft
  }

  /** Moves to the next client's block; all structs of the last one must have been read. */
  nextBlock(): boolean {
    if (this.#blocksLeft === 0) return false
    this.#blocksLeft -= 1
    const structs = this.reader.count(2)
    this.client = this.reader.varUint()
    this.blockClock = this.reader.varUint()
    this.openStructs(this.reader.pos, this.client, this.blockClock, structs)
    return true
  }

  /** Stands before `structs` structs of `client`, whose first byte is at `pos`: how a part is read a second time. */
  openStructs(pos: number, client: number, clock: number, structs: number): void {
    this.reader.pos = pos
    this.client = client
    this.clock = clock
    this.length = 0
    this.structsLeft = structs
  }

  nextStruct(): boolean {
    if (this.structsLeft === 0) return false
    this.structsLeft -= 1
    const reader = this.reader
    this.clock += this.length
    this.start = reader.pos
    const info = reader.byte()
    this.ref = info & REF_BITS
    this.originClient = NONE
    this.rightClient = NONE
    this.parentClient = NONE
    this.hasParentSub = false
    if (this.ref === REF.gc || this.ref === REF.skip) {
      // Yjs's two readers disagree about a skip with higher bits set; neither writes them.
      if (info !== this.ref) throw new MalformedError('unknown kind of struct')
      this.contentStart = reader.pos
      this.length = reader.varUint()
    } else {
      this.#readLinks(info)
      this.contentStart = reader.pos
      this.length = this.#skipContent()
    }
    if (this.length === 0 && this.ref !== REF.skip) throw new MalformedError('a struct without length')
    if (this.clock + this.length > Number.MAX_SAFE_INTEGER) throw new MalformedError('a clock over 2^53 - 1')
    this.end = reader.pos
    return true
  }

  #readLinks(info: number): void {
    const reader = this.reader
    if ((info & HAS_ORIGIN) !== 0) {
      this.originClient = reader.varUint()
      this.originClock = reader.varUint()
      this.#requireEarlier(this.originClient, this.originClock)
    }
    if ((info & HAS_RIGHT_ORIGIN) !== 0) {
      this.rightClient = reader.varUint()
      this.rightClock = reader.varUint()
      this.#requireEarlier(this.rightClient, this.rightClock)
    }
    if ((info & (HAS_ORIGIN | HAS_RIGHT_ORIGIN)) !== 0) return
    const named = reader.varUint()
    if (named === 1) {
      skipString(reader)
    } else if (named === 0) {
      this.parentClient = reader.varUint()
      this.parentClock = reader.varUint()
      this.#requireEarlier(this.parentClient, this.parentClock)
    } else {
      throw new MalformedError('unknown kind of parent')
    }
    if ((info & HAS_PARENT_SUB) !== 0) {
      this.hasParentSub = true
      skipString(reader)
    }
  }

  /** A struct that builds on itself or on its client's future makes every Yjs throw in the middle of applying. */
  #requireEarlier(client: number, clock: number): void {
    if (client === this.client && clock >= this.clock) throw new MalformedError('a struct that builds on itself')
  }

  /** @returns how many clocks the content takes */
  #skipContent(): number {
    const reader = this.reader
    switch (this.ref) {
      case REF.deleted:
        return reader.varUint()
      case REF.json: {
        const count = reader.count(1)
        for (let i = 0; i < count; i++) skipJson(reader, 'undefined')
        return count
      }
      case REF.binary:
        reader.skip(reader.varUint())
        return 1
      case REF.string:
        return skipString(reader)
      case REF.embed:
        skipJson(reader)
        return 1
      case REF.format:
        skipString(reader)
        skipJson(reader)
        return 1
      case REF.type:
        skipType(reader)
        return 1
      case REF.any: {
        const count = reader.count(1)
        for (let i = 0; i < count; i++) skipAny(reader)
        return count
      }
      case REF.doc:
        skipString(reader)
        skipAnyObject(reader)
        return 1
      default:
        throw new MalformedError(`unknown kind of content ${this.ref}`)
    }
  }

  /** Moves to the next deletion. False when there are no more, and then nothing is left of the update. */
  nextDeletion(): boolean {
    const reader = this.reader
    if (this.#deleteClientsLeft === NONE) this.#deleteClientsLeft = reader.count(2)
    while (this.#deletesLeft === 0) {
      if (this.#deleteClientsLeft === 0) {
        if (reader.pos !== reader.end) throw new MalformedError('bytes after the end of the update')
        return false
      }
      this.#deleteClientsLeft -= 1
      this.deleteClient = reader.varUint()
      this.#deletesLeft = reader.count(2)
    }
    this.#deletesLeft -= 1
    this.deleteClock = reader.varUint()
    this.deleteLength = reader.varUint()
    if (this.deleteClock + this.deleteLength > Number.MAX_SAFE_INTEGER)
      throw new MalformedError('a clock over 2^53 - 1')
    return true
  }
}

function skipType(reader: ByteReader): void {
  const type = reader.varUint()
  if (type > LAST_TYPE) throw new MalformedError(`unknown shared type ${type}`)
  if (type === XML_ELEMENT || type === XML_HOOK) skipString(reader)
}
