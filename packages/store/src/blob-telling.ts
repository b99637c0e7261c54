import { type BlobAddress, tellReferences, WANTED_PAGE, wantedBlobs } from './blobs-relay.ts'
import type { Environment } from './environment.ts'
import type { Journal } from './journal-port.ts'
import type { BlobReference } from './persistence/blob-references.ts'

/** References that are told in one go. */
const MANY = 1_000

export interface BlobTellingOptions {
  readonly space: string
  readonly journal: Journal
  readonly fetch: Environment['fetch']
  /** The relay is being asked what it lacks: again after some time. */
  readonly asked: () => void
  /** The relay has these blobs, or is to get them: what waits is another. */
  readonly learned: (there: readonly string[], toSend: readonly string[]) => void
}

export interface BlobTelling {
  /**
   * Asks the relay what it lacks and whether it knows all that it was told, if that is due, and tells it what it does not know.
   * Rejects when the storage fails. @returns false when the relay is away: later
   */
  run(to: BlobAddress): Promise<boolean>
  /** There may be references that the relay is to be told. */
  touched(): void
  /** The relay is to be asked. */
  due(): void
  /** There is another connection. */
  forget(): void
  /** The relay is of a version that knows no references. */
  isOld(): boolean
}

/**
 * Says to the relay which conversations refer to which blobs. What is to be said is read from the device each time: what it has not said, and, when
 * the relay does not know what it had been told when this device last said something (another folder, decision 0097), everything.
 */
export function createBlobTelling({ space, journal, fetch, asked, learned }: BlobTellingOptions): BlobTelling {
  /** Conversations of which the relay will not hear on this connection. */
  const untellable = new Set<string>()
  let isUntold = true
  let isDue = true
  let isOld = false
  /** As it was read last; undefined when another tab may have written another since. */
  let tally: string | null | undefined
  /** A device of an older version may have told something without keeping when. */
  let isSure = false

  /** The relay does not know all that it was told. */
  const retell = async (before: string | null): Promise<void> => {
    await journal.read((handle) => handle.references.retell(before))
    tally = undefined
    isUntold = true
  }

  const readTally = async (): Promise<string | null> => {
    if (tally === undefined) {
      const stored = await journal.read((handle) => handle.references.tally())
      if (stored === null && !isSure) await retell(null)
      isSure = true
      tally = stored
    }
    return tally
  }

  const pageAfter = (after: BlobReference | null): Promise<BlobReference[]> =>
    journal.read((handle) => handle.references.untold(MANY, after))

  /** What is to be told next, by conversation; `isMore`: and more than that. */
  const untold = async (): Promise<{ readonly next: Map<string, string[]>; readonly isMore: boolean }> => {
    const next = new Map<string, string[]>()
    let after: BlobReference | null = null
    for (;;) {
      const page = await pageAfter(after)
      for (const { conversation, sha256 } of page) {
        if (untellable.has(conversation)) continue
        const hashes = next.get(conversation) ?? []
        next.set(conversation, hashes)
        hashes.push(sha256)
      }
      after = page.at(-1) ?? null
      if (page.length < MANY || after === null) return { next, isMore: false }
      if (next.size > 0) return { next, isMore: true }
    }
  }

  /** @returns false when it has to be done again: at once if `isUntold`, else later */
  const tellOne = async (to: BlobAddress, conversation: string, hashes: string[]): Promise<boolean> => {
    const from = await readTally()
    const answer = await tellReferences(space, to, conversation, hashes, from, fetch)
    switch (answer.kind) {
      case 'told': {
        const { missing, holds } = answer
        if (!holds) {
          await retell(from)
          return false
        }
        const step = { from, to: answer.tally }
        const here = await journal.read((handle) => handle.references.told(conversation, hashes, missing, step))
        // Another tab was quicker: what it was told decides.
        if (here === null) {
          tally = undefined
          isUntold = true
          return false
        }
        tally = answer.tally
        const there = hashes.filter((sha256) => !missing.includes(sha256))
        learned(there, here)
        return true
      }
      case 'gone':
        await journal.read((handle) => handle.references.refused(conversation, hashes))
        return true
      case 'unsupported':
        isOld = true
        return true
      case 'offline':
        return false
      case 'refused':
        untellable.add(conversation)
        return true
    }
  }

  const tell = async (to: BlobAddress): Promise<boolean> => {
    while (isUntold && !isOld) {
      isUntold = false
      const { next, isMore } = await untold()
      for (const [conversation, hashes] of next) {
        if (isOld) break
        if (await tellOne(to, conversation, hashes)) continue
        if (isUntold) break
        isUntold = true
        return false
      }
      if (isMore) isUntold = true
    }
    return true
  }

  const ask = async (to: BlobAddress): Promise<boolean> => {
    if (!isDue || isOld || !(await journal.read((handle) => handle.references.any()))) return true
    isDue = false
    asked()
    const before = await readTally()
    for (let after = ''; ; ) {
      const answer = await wantedBlobs(space, to, after, before, fetch)
      if (answer === 'unsupported') isOld = true
      isDue = answer === 'offline'
      if (answer === 'unsupported' || answer === 'offline') return !isDue
      const { wanted, holds } = answer
      if (!holds) await retell(before)
      if (wanted.length > 0) learned([], await journal.read((handle) => handle.references.want(wanted)))
      const last = wanted.at(-1) ?? ''
      if (wanted.length < WANTED_PAGE || last <= after) return true
      after = last
    }
  }

  return {
    run: async (to) => {
      try {
        return (await ask(to)) && (await tell(to))
      } catch (error) {
        // Whatever was being done is done again when the storage can be read.
        isUntold = true
        isDue = true
        tally = undefined
        throw error
      }
    },
    touched: () => {
      isUntold = true
    },
    due: () => {
      tally = undefined
      isDue = true
      isUntold = true
    },
    forget: () => {
      untellable.clear()
      isOld = false
      isUntold = true
      isDue = true
      isSure = false
      tally = undefined
    },
    isOld: () => isOld,
  }
}
