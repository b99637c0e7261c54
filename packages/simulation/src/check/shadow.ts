import type { MemoryAheadFolder } from '@holdfast/update-log/ahead'
import { createMemoryBlobFolder, type MemoryBlobFolder } from '@holdfast/update-log/blobs'
import { createMemoryFolder, type MemoryFolder } from '@holdfast/update-log/memory'
import { type Clocks, createClocks } from './clocks.ts'
import { createSeen, type Seen } from './seen.ts'

/** The relay's folder, and beside it what is known of it, so that it can be asked at any moment. */
export interface Shadowed {
  readonly folder: MemoryFolder
  readonly blobs: MemoryBlobFolder
  /** Written to the system at once: there is no event between a call and what is in it, and no death that takes it away. */
  readonly ahead: MemoryAheadFolder
  /** What is durable. */
  readonly clocks: Clocks
  /** What was shown by relays over it. */
  readonly seen: Seen
  /** All of it, as somebody copies a folder by hand. */
  copy(): Shadowed
  /** What is durable: a backup has nothing of what was shown ahead, and who puts it back knows that what came later is not in it. */
  backup(): Shadowed
}

export function shadowed(
  folder: MemoryFolder = createMemoryFolder(),
  blobs: MemoryBlobFolder = createMemoryBlobFolder(),
  clocks: Clocks = createClocks(),
  ahead: MemoryAheadFolder = { shown: [] },
  seen: Seen = createSeen(),
): Shadowed {
  return {
    folder,
    blobs,
    ahead,
    clocks,
    seen,
    copy: () => shadowed(folder.copy(), blobs.copy(), clocks.copy(), { shown: ahead.shown }, seen.copy()),
    backup: () => shadowed(folder.copy(), blobs.copy(), clocks.copy()),
  }
}
