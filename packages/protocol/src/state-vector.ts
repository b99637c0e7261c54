import { ByteReader, MalformedError, varUintLength, writeVarUint } from './bytes.ts'

/** For each client the clock of the next thing it will make: everything before is here. */
export type StateVector = ReadonlyMap<number, number>

/** Reads Yjs's encoding of a state vector; null when the bytes are none. A client given twice keeps its last clock. */
export function decodeStateVector(bytes: Uint8Array): Map<number, number> | null {
  try {
    const reader = new ByteReader(bytes)
    const count = reader.count(2)
    const result = new Map<number, number>()
    for (let i = 0; i < count; i++) result.set(reader.varUint(), reader.varUint())
    return reader.pos === reader.end ? result : null
  } catch (error) {
    if (error instanceof MalformedError) return null
    throw error
  }
}

/** Yjs's encoding, higher clients first. */
export function encodeStateVector(stateVector: StateVector): Uint8Array {
  const entries = [...stateVector].filter(([, clock]) => clock > 0).sort((a, b) => b[0] - a[0])
  let size = varUintLength(entries.length)
  for (const [client, clock] of entries) size += varUintLength(client) + varUintLength(clock)
  const bytes = new Uint8Array(size)
  let pos = writeVarUint(bytes, 0, entries.length)
  for (const [client, clock] of entries) pos = writeVarUint(bytes, writeVarUint(bytes, pos, client), clock)
  return bytes
}
