import type { Channel } from './environment.ts'
import type { DocumentRecord, FeedCursor } from './persistence/port.ts'
import type { Reason } from './types.ts'

/**
 * What the tabs of one browser tell each other about a space, with no relay. Only this program, of the same origin,
 * speaks on the channel; another layout of messages takes another version.
 */
const VERSION = 1

export type TabMessage =
  /** On the device now: the record, and the row that was written unless only the record changed. Not to be stored again. */
  | {
      readonly type: 'committed'
      readonly identity: string
      readonly record: DocumentRecord
      readonly update: Uint8Array | null
    }
  /** The sender cannot save this. Whoever can, should. */
  | { readonly type: 'unsaved'; readonly id: string; readonly update: Uint8Array }
  /** The sender opened this document and has this state; who has more says so. */
  | { readonly type: 'opened'; readonly from: string; readonly id: string; readonly vector: Uint8Array }
  /** What the opener lacks. `saved`: the sender has it on the device. */
  | {
      readonly type: 'state'
      readonly to: string
      readonly id: string
      readonly update: Uint8Array
      readonly saved: boolean
    }
  /** The relay's feed is written down on the device up to here. */
  | { readonly type: 'learned'; readonly cursor: FeedCursor }
  /** The sender is there, and holds the lock of its name (`vigil.ts`). */
  | { readonly type: 'here'; readonly from: string }
  /** Another tab has ended, and these records are on the device that the sender had not heard of. Perhaps none; files and what is set aside may be new too. */
  | { readonly type: 'found'; readonly identity: string; readonly records: readonly DocumentRecord[] }
  /** Other files wait to be sent than did: the device knows which. */
  | { readonly type: 'blobs' }
  /** Why the relay does not take one of the files that wait, as the sender was told, which sends them for all; null: it refuses none. */
  | { readonly type: 'files-refused'; readonly reason: Reason | null }
  /** A person wants what the relay did not take to be tried now, by whichever tab does that. */
  | { readonly type: 'retry' }
  /** Whoever writes this message, or answers this turn, is asked to stop. */
  | { readonly type: 'stop'; readonly id: string; readonly key: string }
  /** The sender keeps this document level with the relay by itself, or no longer. */
  | { readonly type: 'watching'; readonly from: string; readonly id: string; readonly on: boolean }
  /** The sender's own awareness state, and no other's. */
  | { readonly type: 'awareness'; readonly id: string; readonly update: Uint8Array }
export interface Tabs {
  /** A random name of this tab. */
  readonly self: string
  post(message: TabMessage): void
  close(): void
}

export function joinTabs(
  open: ((name: string) => Channel) | null,
  space: string,
  self: string,
  onMessage: (message: TabMessage) => void,
): Tabs {
  const channel = open?.(`holdfast:${space}:${VERSION}`) ?? null
  channel?.onMessage((message) => onMessage(message as TabMessage))
  let closed = false
  return {
    self,
    post: (message) => {
      if (!closed) channel?.post(message)
    },
    close: () => {
      closed = true
      channel?.close()
    },
  }
}
