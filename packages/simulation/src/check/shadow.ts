import { createMemoryBlobFolder, type MemoryBlobFolder } from '@holdfast/update-log/blobs'
import { createMemoryFolder, type MemoryFolder } from '@holdfast/update-log/memory'
import { type Clocks, createClocks } from './clocks.ts'

/** The relay's folder, and beside it what is known to be durable in it, so that it can be asked at any moment. */
export interface Shadowed {
  readonly folder: MemoryFolder
  readonly blobs: MemoryBlobFolder
  readonly clocks: Clocks
  copy(): Shadowed
}

export function shadowed(
  folder: MemoryFolder = createMemoryFolder(),
  blobs: MemoryBlobFolder = createMemoryBlobFolder(),
  clocks: Clocks = createClocks(),
): Shadowed {
  return { folder, blobs, clocks, copy: () => shadowed(folder.copy(), blobs.copy(), clocks.copy()) }
}
