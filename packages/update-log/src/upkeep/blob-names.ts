import { join } from 'node:path'
import { folderOf, namesIn } from '../blobs/folders.ts'
import { isBlobHash } from '../blobs/port.ts'

/**
 * The hashes of all blob files of a space, those too that cannot be read any more: the store leaves them out of its list.
 * @param directory the folder of blobs
 */
export async function blobNames(directory: string, space: string): Promise<string[]> {
  const folder = folderOf(directory, space)
  const hashes: string[] = []
  for (const shard of await namesIn(folder)) {
    if (!/^[0-9a-f]{2}$/.test(shard)) continue
    for (const name of await namesIn(join(folder, shard))) if (isBlobHash(name)) hashes.push(name)
  }
  return hashes
}
