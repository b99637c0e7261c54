import type { Process } from '@holdfast/testkit'
import type { Ahead } from '@holdfast/update-log'
import type { DiskFaults } from './slow-disk.ts'

export interface MortalAheadOptions {
  readonly ahead: Ahead
  readonly process: Process
  readonly faults: DiskFaults
  readonly onShown: () => void
}

/**
 * What was shown ahead, as a process has it that may die before a write and after it: what was written is with the system, and dead processes
 * neither write nor release. A disk that fails may fail this too, and nobody hears of it later.
 */
export function mortalAhead({ ahead, process, faults, onShown }: MortalAheadOptions): Ahead {
  let isRefusing = false
  return {
    left: ahead.left,
    write: (shown) => {
      if (!process.touch()) return false
      // Every other time: what is shown and then cannot be stored is to happen as well.
      isRefusing = faults.failing > 0 && !isRefusing
      if (isRefusing || !ahead.write(shown)) return false
      onShown()
      process.touch()
      return true
    },
    release: (count) => {
      if (process.isAlive) ahead.release(count)
    },
    wipe: () => {
      if (process.isAlive) ahead.wipe()
    },
    close: () => ahead.close(),
  }
}
