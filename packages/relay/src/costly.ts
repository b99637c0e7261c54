import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type DocumentRef, shouldCompact, type UpdateLog } from '@holdfast/update-log'
import { replace } from './tokens/durable-file.ts'

/** A document that is refused new writes. */
export interface TooCostly extends DocumentRef {
  readonly reason: string
}

/** Remembers them over restarts. */
export interface CostlyNotes {
  /** As the last run left them, but for those that are so no more. */
  readonly found: readonly TooCostly[]
  /** Resolves when these, and no others, are on the disk. */
  keep(all: readonly TooCostly[]): Promise<void>
}

/** Documents that could not be compacted within the limits, and why. They are read, and take nothing new. */
export class Costly {
  readonly #notes: CostlyNotes | null
  readonly #documents: Map<string, TooCostly>
  #keeping: Promise<void> = Promise.resolve()

  constructor(notes: CostlyNotes | null) {
    this.#notes = notes
    this.#documents = new Map(notes?.found.map((one) => [keyOf(one), one]))
  }

  reasonFor(ref: DocumentRef): string | null {
    return this.#documents.get(keyOf(ref))?.reason ?? null
  }

  all(): readonly TooCostly[] {
    return [...this.#documents.values()]
  }

  add({ space, document }: DocumentRef, reason: string): void {
    this.#documents.set(keyOf({ space, document }), { space, document, reason })
    this.#keep()
  }

  /** @returns whether it was one of them */
  delete(ref: DocumentRef): boolean {
    const was = this.#documents.delete(keyOf(ref))
    if (was) this.#keep()
    return was
  }

  /** Resolves when what is known is written down, or could not be. */
  kept(): Promise<void> {
    return this.#keeping
  }

  #keep(): void {
    const notes = this.#notes
    if (notes === null) return
    this.#keeping = this.#keeping.then(() =>
      // A disk that fails says so elsewhere. What is not written down is found again by the next compaction.
      notes.keep(this.all()).catch(() => undefined),
    )
  }
}

/** Keeps them in `too-costly` of the data folder: JSON, which may be lost without harm. */
export async function openCostlyNotes(directory: string, log: UpdateLog): Promise<CostlyNotes> {
  const path = join(directory, 'too-costly')
  const noted = read(await textOf(path))
  const found: TooCostly[] = []
  for (const one of noted) {
    // Purged, compacted by hand or restored since: then it is like any other, and nothing else would ever look at it again.
    // One that is damaged is set aside when somebody opens it, and is another one then.
    const stat = await log.stat(one).catch(() => null)
    if (stat?.kind === 'live' && stat.epoch === one.epoch && shouldCompact(stat.stats)) {
      found.push({ space: one.space, document: one.document, reason: one.reason })
    }
  }
  return {
    found,
    async keep(all) {
      const documents: Noted[] = []
      for (const one of all) {
        const stat = await log.stat(one)
        if (stat?.kind === 'live') documents.push({ ...one, epoch: stat.epoch })
      }
      await replace(path, `${JSON.stringify({ documents })}\n`)
    },
  }
}

interface Noted extends TooCostly {
  readonly epoch: string
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    // Not there, or not to be read: nothing is remembered, and the next compaction finds it again.
    return ''
  }
}

function read(text: string): readonly Noted[] {
  try {
    const { documents } = JSON.parse(text) as { documents?: unknown }
    return Array.isArray(documents) ? documents.filter(isNoted) : []
  } catch {
    // Cut, rotten or empty: as if it were not there.
    return []
  }
}

function isNoted(one: unknown): one is Noted {
  if (typeof one !== 'object' || one === null) return false
  const { space, document, reason, epoch } = one as Partial<Record<keyof Noted, unknown>>
  return [space, document, reason, epoch].every((field) => typeof field === 'string')
}

function keyOf({ space, document }: DocumentRef): string {
  return `${space}/${document}`
}
