import type { SyncFeedEntry } from '@holdfast/protocol'
import type { SpaceConnection } from './connection/sync/port.ts'
import type { Journal } from './journal-port.ts'
import type { FeedCursor } from './persistence/port.ts'

/**
 * Follows the feed for a tab. Every connected tab is told of it by its own socket, one writes it down: the others keep what is not
 * written yet, so that whoever leads next goes on without a gap.
 */
export interface FeedKeeper {
  take(entries: readonly SyncFeedEntry[], upTo: number): void
  /** The history that the feed is of has another name from now on, and goes on. */
  renamed(): void
  /** W11: another history. */
  reset(): void
  /** This tab writes from now on. Rejects when the storage cannot be read. */
  lead(): Promise<void>
  /** The history is another, and the documents are not offered yet: none of what is marked as sent holds (W11). */
  isVoid(): boolean
  /**
   * What is marked may not hold: it is void, or the device still names a history by which another tab may have been told more than
   * goes on under the present name. Until that is written down nothing marked is made use of, nor taken for wrong.
   */
  isUnsure(): boolean
  /** The cursor of this tab was not written: the device holds what this history does not have. Rejects when it cannot be read. */
  refused(): Promise<void>
  /** The device follows a history that this tab's socket is not of, and nothing is on its way that would change that. */
  isAstray(): boolean
  /** The storage can be read: finds out which history the device follows, if that is not known. Rejects when it cannot be read. */
  look(): Promise<void>
  /** False until `lead` has succeeded. */
  isWriting(): boolean
  /** What is written down, by whichever tab, this one too: no need to keep it any more. */
  written(cursor: FeedCursor, isOwn: boolean): void
}

export interface FeedKeeperOptions {
  readonly connection: SpaceConnection
  readonly journal: Journal
  readonly leads: () => boolean
  /** Every document of the space: they are offered again when the history is another. */
  readonly everyId: () => Iterable<string>
  /** Where this tab's own socket began. */
  readonly cursor: FeedCursor | null
  /** The device could not say how far it is: its socket began without, and the device may follow another history. */
  readonly blind: boolean
  /** `isVoid` may answer something else now. */
  readonly onChange: () => void
}

export function createFeedKeeper(options: FeedKeeperOptions): FeedKeeper {
  const { connection, journal, leads, everyId } = options
  let unwritten = new Map<string, SyncFeedEntry>()
  /** `unwritten` is all of the feed up to `upTo`: none of it was written down or left to another tab. */
  let isWhole = options.cursor === null
  /** Handed over to be written, and not known to be: it has to be written again if another cursor stands in the way. */
  let underWay: {
    readonly entries: ReadonlyMap<string, SyncFeedEntry>
    readonly restart: boolean
    readonly isWhole: boolean
  } | null = null
  let upTo = options.cursor?.feed ?? 0
  let isReset = false
  let { blind } = options
  let written: FeedCursor | null = options.cursor
  /** The name of the history that the device follows, as far as this tab has heard; null when it follows none. */
  let device = options.cursor?.incarnation ?? null
  let writing = false
  /** Counts what was written down, by whichever tab. */
  let news = 0
  /** The name of the history, and the one before. */
  let name = options.cursor?.incarnation ?? ''
  let before = name
  let voided: string | null = null
  /** The history that another tab wrote down last. It may hear of one before this tab does. */
  let heard: string | null = null

  const cursor = (): FeedCursor => ({ ...connection.told(), feed: upTo })

  const write = (): void => {
    if (!writing || !leads()) return
    const now = cursor()
    const same = written?.incarnation === now.incarnation && written.feed === now.feed
    if (isReset) journal.offer(everyId())
    if (same && !isReset && unwritten.size === 0) return
    const entries = Array.from(unwritten.values(), ({ document, epoch, seq, purged, summary }) => ({
      id: document,
      epoch,
      seq,
      purged,
      summary,
    }))
    const restart = isReset
    underWay = {
      entries: new Map([...(underWay?.entries ?? []), ...unwritten]),
      restart: restart || underWay?.restart === true,
      isWhole: underWay?.isWhole ?? isWhole,
    }
    isReset = false
    isWhole = false
    unwritten = new Map()
    written = now
    // What is begun anew takes the place of what this tab has seen there, and of nothing that was written since.
    const voidPast = restart && device !== null ? [{ incarnation: device, until: Number.POSITIVE_INFINITY }] : []
    journal.learn(entries, now, { restart, past: [...voidPast, ...connection.past()] })
  }

  /** The tab that works for all has offered everything under the history that goes on here too. */
  const believe = (): void => {
    if (!isReset || leads() || heard !== connection.incarnation() || heard === voided) return
    isReset = false
    options.onChange()
  }

  /** What is written down now: if something was while it was read, it is read again. */
  const read = async (): Promise<FeedCursor | null> => {
    for (;;) {
      const before = news
      const stored = await journal.read((handle) => handle.cursor())
      if (before === news) return stored
    }
  }

  /** The device has this of the feed. */
  const forget = (feed: number): void => {
    if (feed > 0) isWhole = false
    for (const [id, entry] of unwritten) if (entry.number <= feed) unwritten.delete(id)
  }

  /** Nothing on the device holds, and this tab's feed began where that ended: all of it is to be told again. */
  const startOver = (): void => {
    unwritten.clear()
    underWay = null
    upTo = 0
    isReset = true
    isWhole = true
    connection.startOver()
  }

  const isVoid = (): boolean => blind || isReset || journal.isOffering()

  const keeper: FeedKeeper = {
    take: (entries, next) => {
      for (const entry of entries) unwritten.set(entry.document, entry)
      upTo = next
      write()
    },
    renamed: () => {
      before = name
      name = connection.incarnation()
      journal.renameHistory(connection.follows, connection.incarnation(), connection.past())
      believe()
      write()
    },
    reset: () => {
      unwritten.clear()
      underWay = null
      upTo = 0
      isWhole = true
      isReset = heard !== connection.incarnation()
      voided = before
      write()
    },
    lead: async () => {
      writing = false
      const stored = await read()
      if (!leads()) return
      blind = false
      device = stored?.incarnation ?? null
      if (underWay !== null) {
        // What this tab has asked for decides, and it will be told how that went.
        writing = true
        write()
        return
      }
      if (stored && !connection.follows(stored.incarnation, stored.reach ?? 0)) {
        if (!isWhole) {
          startOver()
          return
        }
        // What this device was told under a name that does not go on is void, whoever was told it.
        isReset = true
      } else if (stored) {
        // Written under the new history: whoever led had all offered again.
        if (stored.incarnation !== voided) isReset = false
        forget(stored.feed)
        upTo = Math.max(upTo, stored.feed)
      }
      written = stored
      writing = true
      write()
    },
    isVoid,
    isUnsure: () => isVoid() || (device !== null && device !== connection.incarnation()),
    refused: () => {
      if (underWay) {
        unwritten = new Map([...underWay.entries, ...unwritten])
        ;({ isWhole, restart: isReset } = underWay)
        underWay = null
      }
      return keeper.lead()
    },
    isAstray: () => underWay === null && device !== null && device !== connection.incarnation(),
    look: async () => {
      if (!blind) return
      const stored = await read()
      if (!blind) return
      blind = false
      device = stored?.incarnation ?? null
      const isOver = stored !== null && !connection.follows(stored.incarnation, stored.reach ?? 0)
      if (isOver && !isWhole) {
        startOver()
        return
      }
      isReset = isOver
      believe()
      options.onChange()
    },
    isWriting: () => writing,
    written: (now, isOwn) => {
      news++
      device = now.incarnation
      if (isOwn) underWay = null
      else heard = now.incarnation
      options.onChange()
      if (leads() || now.incarnation !== connection.incarnation()) return
      believe()
      forget(now.feed)
    },
  }
  return keeper
}
