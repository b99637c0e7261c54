import { ByteReader, MalformedError, varUintLength, writeVarUint } from './bytes.ts'
import { requireJson } from './json-content.ts'

/** One client's entry in an awareness update. */
export interface AwarenessEntry {
  readonly client: number
  /** Counts that client's states: a higher one replaces, the same one with `null` removes. */
  readonly clock: number
  /** The state as JSON text in UTF-8; null when the client has gone. */
  readonly state: Uint8Array | null
}

export type AwarenessUpdate =
  | { readonly kind: 'entries'; readonly entries: readonly AwarenessEntry[] }
  | { readonly kind: 'garbage'; readonly reason: string }

const NULL = Uint8Array.of(0x6e, 0x75, 0x6c, 0x6c)

/** Reads an awareness update. Total. Every state is checked to be JSON, because stock clients parse it unguarded. */
export function decodeAwareness(bytes: Uint8Array): AwarenessUpdate {
  try {
    const reader = new ByteReader(bytes)
    const count = reader.count(3)
    const entries: AwarenessEntry[] = []
    for (let i = 0; i < count; i++) {
      const client = reader.varUint()
      const clock = reader.varUint()
      const state = reader.varBytes()
      requireJson(state, 0, state.length)
      entries.push({ client, clock, state: isNull(state) ? null : state })
    }
    if (reader.pos !== reader.end) return { kind: 'garbage', reason: 'bytes after the end of the awareness update' }
    return { kind: 'entries', entries }
  } catch (error) {
    if (error instanceof MalformedError) return { kind: 'garbage', reason: error.message }
    throw error
  }
}

function isNull(state: Uint8Array): boolean {
  let start = 0
  let end = state.length
  while (start < end && state[start]! <= 0x20) start += 1
  while (end > start && state[end - 1]! <= 0x20) end -= 1
  return end - start === NULL.length && NULL.every((byte, i) => state[start + i] === byte)
}

export function encodeAwareness(entries: readonly AwarenessEntry[]): Uint8Array {
  let size = varUintLength(entries.length)
  for (const { client, clock, state } of entries) {
    const length = (state ?? NULL).length
    size += varUintLength(client) + varUintLength(clock) + varUintLength(length) + length
  }
  const bytes = new Uint8Array(size)
  let pos = writeVarUint(bytes, 0, entries.length)
  for (const { client, clock, state } of entries) {
    const text = state ?? NULL
    pos = writeVarUint(bytes, writeVarUint(bytes, pos, client), clock)
    pos = writeVarUint(bytes, pos, text.length)
    bytes.set(text, pos)
    pos += text.length
  }
  return bytes
}
