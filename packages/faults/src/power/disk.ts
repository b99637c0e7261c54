import type { Random } from '@holdfast/testkit'
import type { FileEvent } from './trace.ts'

/**
 * A disk that keeps for certain only what was synced, as LevelDB's own fault_injection_test has it, and a little harder:
 *
 * - what was written to a file since its last fsync is there whole, in part (any subset of 512-byte sectors, cut at any byte), as zeros, as
 *   garbage, or not at all;
 * - names (files made, renamed, removed) come to be in the order they were asked for, and any number of the last of them may not have,
 *   up to the last that an fsync of their folder, or of a file made by it, made certain (a journal of metadata: ext4, XFS, btrfs, APFS, NTFS).
 *
 * What it trusts: that fsync means it, that a synced sector stays what it is, and that sectors of 512 bytes are written whole.
 */
export class Disk {
  /** Names that are certain, and where they lead. */
  readonly #names = new Map<string, number | 'folder'>()
  /** Changes of names that are not certain yet, oldest first. */
  readonly #pending: NameChange[] = []
  readonly #files = new Map<number, StoredFile>()
  /** How much of what is pending each sync under way covers. */
  readonly #syncs = new Map<number, number>()
  /** Counts changes of names, certain ones too. */
  #certain = 0

  take(event: FileEvent): void {
    switch (event.kind) {
      case 'create':
        this.#files.set(event.file, { certain: new Uint8Array(), pending: [], covered: 0 })
        this.#pending.push({ kind: 'set', path: event.path, to: event.file })
        return
      case 'mkdir':
        this.#pending.push({ kind: 'set', path: event.path, to: 'folder' })
        return
      case 'rename':
      case 'link':
        this.#pending.push({ kind: event.kind, path: event.from, to: event.to })
        return
      case 'remove':
        this.#pending.push({ kind: 'remove', path: event.path })
        return
      case 'write':
        this.#of(event.file).pending.push({ offset: event.offset, data: event.data })
        return
      case 'truncate':
        this.#of(event.file).pending.push({ length: event.length })
        return
      case 'sync-begun': {
        const { covered, pending } = this.#of(event.file)
        this.#syncs.set(event.sync, covered + pending.length)
        return
      }
      case 'synced':
        this.#synced(event.file, this.#syncs.get(event.sync) ?? 0)
        return
      case 'folder-sync-begun':
        this.#syncs.set(event.sync, this.#certain + this.#pending.length)
        return
      case 'folder-synced':
        this.#certainUpTo((this.#syncs.get(event.sync) ?? 0) - this.#certain)
    }
  }

  /** What may be found after the power went now. */
  afterPowerCut(random: Random): Map<string, Uint8Array | 'folder'> {
    const names = new Map(this.#names)
    const mood = random.pick(['nothing', 'everything', 'some', 'some'] as const)
    const kept =
      mood === 'nothing' ? 0 : mood === 'everything' ? this.#pending.length : random.int(this.#pending.length + 1)
    for (const change of this.#pending.slice(0, kept)) apply(names, change)
    const found = new Map<string, Uint8Array | 'folder'>()
    const contents = new Map<number, Uint8Array>()
    for (const [path, to] of names) {
      if (to === 'folder') {
        found.set(path, to)
        continue
      }
      // Two names of one file have one content.
      let content = contents.get(to)
      if (content === undefined) {
        content = survivor(this.#of(to), mood, random)
        contents.set(to, content)
      }
      found.set(path, content)
    }
    return found
  }

  #of(file: number): StoredFile {
    const stored = this.#files.get(file)
    if (stored === undefined) throw new TypeError(`file ${file} was never made`)
    return stored
  }

  #synced(file: number, upTo: number): void {
    const stored = this.#of(file)
    const count = upTo - stored.covered
    if (count > 0) {
      stored.certain = changed(stored.certain, stored.pending.splice(0, count))
      stored.covered = upTo
    }
    // A file that is synced can be found: under the name that it was made with, at least.
    const made = this.#pending.findLastIndex((change) => change.kind === 'set' && change.to === file)
    this.#certainUpTo(made + 1)
  }

  #certainUpTo(count: number): void {
    if (count <= 0) return
    for (const change of this.#pending.splice(0, count)) {
      apply(this.#names, change)
      this.#certain += 1
    }
  }
}

type NameChange =
  | { readonly kind: 'set'; readonly path: string; readonly to: number | 'folder' }
  | { readonly kind: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }

type Change = { readonly offset: number; readonly data: Uint8Array } | { readonly length: number }

interface StoredFile {
  certain: Uint8Array
  readonly pending: Change[]
  /** Changes that became certain, in all. */
  covered: number
}

const SECTOR = 512

function apply(names: Map<string, number | 'folder'>, change: NameChange): void {
  if (change.kind === 'set') {
    names.set(change.path, change.to)
  } else if (change.kind === 'remove') {
    names.delete(change.path)
  } else {
    for (const [path, to] of [...names]) {
      if (path !== change.path && !path.startsWith(`${change.path}/`)) continue
      if (change.kind === 'rename') names.delete(path)
      names.set(`${change.to}${path.slice(change.path.length)}`, to)
    }
  }
}

function changed(before: Uint8Array, changes: readonly Change[]): Uint8Array {
  let bytes = before
  for (const change of changes) {
    if ('length' in change) bytes = resized(bytes, change.length)
    else {
      const { offset, data } = change
      bytes = resized(bytes, Math.max(bytes.length, offset + data.length))
      bytes.set(data, offset)
    }
  }
  return bytes
}

/** A copy, cut or filled up with zeros. */
function resized(bytes: Uint8Array, length: number): Uint8Array {
  const copy = new Uint8Array(length)
  copy.set(bytes.subarray(0, length))
  return copy
}

/** What may be found of a file. */
function survivor(
  { certain, pending }: StoredFile,
  mood: 'nothing' | 'everything' | 'some',
  random: Random,
): Uint8Array {
  if (pending.length === 0 || mood === 'nothing') return certain
  const all = changed(certain, pending)
  if (mood === 'everything') return all
  // A file that was cut off and written anew may be met at any moment of that.
  const some = changed(certain, pending.slice(0, random.int(pending.length + 1)))
  const way = random.int(5)
  if (way === 0) return some
  if (way === 1) return cutOff(all, certain.length, random)
  return bySectors(certain, all, way === 2 ? 'zeros' : way === 3 ? 'garbage' : 'old', random)
}

function cutOff(bytes: Uint8Array, certain: number, random: Random): Uint8Array {
  if (bytes.length <= certain) return bytes
  return bytes.slice(0, certain + random.int(bytes.length - certain + 1))
}

/** Each sector that was being written is the old one, the new one, or (where there was none) something else. */
function bySectors(
  certain: Uint8Array,
  all: Uint8Array,
  else_: 'old' | 'zeros' | 'garbage',
  random: Random,
): Uint8Array {
  const found = all.slice()
  for (let at = 0; at < found.length; at += SECTOR) {
    if (random.chance(0.5)) continue
    const end = Math.min(at + SECTOR, found.length)
    const old = resized(certain.subarray(at, end), end - at)
    const isFresh = at >= certain.length
    found.set(isFresh && else_ === 'garbage' ? random.bytes(end - at) : old, at)
  }
  return else_ === 'old' ? cutOff(found, certain.length, random) : found
}
