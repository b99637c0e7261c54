import type { AsideKeeper } from './aside.ts'
import type { BlobSync } from './blobs.ts'
import type { Journal } from './journal-port.ts'
import type { List } from './list.ts'
import type { Lives } from './lives.ts'
import type { DocumentRecord } from './persistence/port.ts'
import { isUnlisted } from './persistence/records.ts'
import type { TabMessage, Tabs } from './tabs.ts'

export interface UntoldOptions {
  readonly journal: Journal
  readonly list: List
  readonly lives: Lives
  readonly tabs: Tabs
  readonly blobs: Pick<BlobSync, 'load'>
  readonly aside: Pick<AsideKeeper, 'load'>
  readonly afterChange: () => void
}

/** What the device holds and no tab told of, because the one that committed it died. */
export interface Untold {
  /** Reads all records (one row of the device and those that changed since), takes what is new, and tells the other tabs. */
  look(): Promise<void>
  /** Takes what another tab found. */
  receive(message: Extract<TabMessage, { type: 'found' }>): void
  /** Takes records as they are on the device: into the list, the open documents, and so what is to be sent. */
  take(records: readonly DocumentRecord[]): void
}

export function createUntold({ journal, list, lives, tabs, blobs, aside, afterChange }: UntoldOptions): Untold {
  const take = (records: readonly DocumentRecord[]): void => {
    list.update(records)
    for (const { id } of records) lives.get(id)?.onFound()
    afterChange()
  }

  const found = (records: readonly DocumentRecord[]): void => {
    take(records)
    // A storage that cannot be read is the journal's matter.
    void Promise.all([aside.load(), blobs.load()]).catch(() => null)
  }

  /** Opens a document without showing it, which gives it a summary. */
  const lookInto = async (id: string): Promise<void> => {
    const live = lives.acquire(id, false)
    try {
      await live.loaded
    } finally {
      lives.release(live)
    }
  }

  return {
    look: async () => {
      const { identity, records } = await journal.read(async (handle) => ({
        identity: handle.identity,
        records: await handle.documents(),
      }))
      const unheard = records.filter(({ id, revision }) => revision > (list.record(id)?.revision ?? -1))
      tabs.post({ type: 'found', identity, records: unheard })
      found(unheard)
      // A tab that could not read what it wrote to gives it no summary, and does so when it can: unless it died.
      for (const record of records) if (isUnlisted(record)) await lookInto(record.id)
    },
    receive: ({ identity, records }) => {
      if (identity === journal.identity()) found(records)
    },
    take,
  }
}
