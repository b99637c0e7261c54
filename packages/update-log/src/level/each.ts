import type { View } from './database.ts'
import { isCorruption } from './faults.ts'
import type { Key } from './keys.ts'

/** Runs the second when the first fails because LevelDB cannot make sense of a block: what is in other blocks can still be read. */
export async function otherwise<T>(read: () => Promise<T>, instead: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (error) {
    if (isCorruption(error)) return instead()
    throw error
  }
}

/** Many values at once; those in blocks that cannot be read are said so, and the others are there. */
export function getEach(view: View, keys: readonly Key[]): Promise<(Uint8Array | undefined | 'unreadable')[]> {
  return otherwise<(Uint8Array | undefined | 'unreadable')[]>(
    () => view.getMany(keys),
    () => Promise.all(keys.map((key) => getOne(view, key))),
  )
}

function getOne(view: View, key: Key): Promise<Uint8Array | undefined | 'unreadable'> {
  return otherwise<Uint8Array | undefined | 'unreadable'>(
    () => view.get(key),
    async () => 'unreadable',
  )
}
