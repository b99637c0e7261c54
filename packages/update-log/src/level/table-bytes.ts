import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codesOf } from './faults.ts'

/** How much the tables in a LevelDB folder hold. Infinite when nobody can tell. */
export async function tableBytes(directory: string): Promise<number> {
  try {
    const names = (await readdir(directory)).filter((name) => /\.(?:ldb|sst)$/.test(name))
    const sizes = await Promise.all(names.map((name) => sizeOf(join(directory, name))))
    return sizes.reduce((sum, size) => sum + size, 0)
  } catch (error) {
    if (codesOf(error).size === 0) throw error
    return Number.POSITIVE_INFINITY
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    // LevelDB deletes files while we look.
    if (codesOf(error).has('ENOENT')) return 0
    throw error
  }
}
