import { isFinalRefusal, type LeasedFrame, REFUSAL, type SyncRole } from '@holdfast/protocol'
import {
  type Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from 'y-protocols/awareness'
import * as Y from 'yjs'
import { createBackoff } from '../../backoff.ts'
import type { Chance, Clock } from '../../environment.ts'
import type { DocumentRecord, LogPosition } from '../../persistence/port.ts'
import { createSignal } from '../../signal.ts'
import type { Readable, Reason } from '../../types.ts'
import { encodeIntegrated } from '../../waiting-room.ts'
import type { MembershipState } from '../port.ts'
import { createAcks } from './acks.ts'
import type { ChannelEffect, SpaceConnection, SyncChannel } from './port.ts'
import { refusalReason } from './refusals.ts'

const RETRY = { base: 250, cap: 30_000 }
/** When there is no room at the relay: somebody has to make some first. */
const RETRY_FULL = { base: 30_000, cap: 300_000 }

/** What a channel needs of the document that it keeps level. */
export interface Watched {
  readonly id: string
  readonly doc: Y.Doc
  readonly awareness: Awareness
  isLoaded(): boolean
  record(): DocumentRecord
  /** Every row up to this is in the document in memory. */
  covered(): number
  /** True while the journal has edits that are not on the device yet. */
  isWriting(): boolean
  /** Reads the rows that other tabs wrote and did not tell of. */
  catchUp(): Promise<void>
  /** Applies an update of the relay, which then has everything up to `position`. */
  deliver(update: Uint8Array, position: LogPosition, origin: unknown): void
  /** The relay has every row up to `sent` (0: nothing new), this device everything up to `position`. */
  onReached(sent: number, position: LogPosition): void
  /** `pending` may answer something else now. */
  onAcked(): void
  adopt(epoch: string): void
  /** W9: this epoch is refused for good. */
  onOver(code: number, epoch: string, text: string): void
  /** Updates that the relay will not take. */
  onRefusedUpdates(code: number): void
  onLeased(leased: LeasedFrame): void
  onStopRequested(key: string, by: string): void
}

/** One open document's channel. */
export interface Watch {
  readonly state: Readable<MembershipState>
  readonly origin: unknown
  /** Every row up to this is known to be on the relay, by acks of this opening. */
  acked(): number
  /** Something was sent in this opening that the relay has not decided on: whatever was marked before (W11). */
  pending(): boolean
  /** The token lets us only read this document. */
  readOnly(): boolean
  /** The relay refused updates for good. */
  stuck(): Reason | null
  /** The channel, while it is open. */
  channel(): SyncChannel | null
  /** Something was written, marked or loaded. `again`: marks that were of no history yet may hold now. */
  poke(again?: boolean): void
  leave(): void
}

export function watchDocument(
  connection: SpaceConnection,
  target: Watched,
  { clock, random }: { readonly clock: Clock; readonly random: Chance },
): Watch {
  const { id, doc, awareness } = target
  const origin = { sync: id }
  const state = createSignal<MembershipState>({ kind: 'offline' }, (a, b) => a.kind === b.kind && a.kind !== 'refused')
  const backoff = createBackoff(clock, random, RETRY)
  const patience = createBackoff(clock, random, RETRY_FULL)
  const acks = createAcks()
  let channel: SyncChannel | null = null
  let epoch = ''
  let role: SyncRole = 'write'
  /** Whether the token let us write in the space when the channel was opened. */
  let mightWrite = false
  let opened = false
  /** Opened without an epoch: what the device comes to know of one meanwhile is of a history before. */
  let unnamed = false
  /** Nothing was offered in this opening: the rows up to here were on the relay by marks made before. */
  let believed: number | null = null
  let reached = 0
  /** What was marked, and on which record: marks of a history that is not written down yet are left out, and not made again at once. */
  let marked = ''
  let stuck: Reason | null = null
  /** What was refused may be taken later. */
  let isFull = false
  let catchingUp = false
  let left = false

  const position = (): LogPosition => ({ epoch, seq: reached })

  const mayWrite = (): boolean => {
    const now = connection.state.get()
    return now.kind === 'connected' && now.mayWrite
  }

  const tryOpen = (): void => {
    if (left || channel || !target.isLoaded() || state.get().kind === 'refused') return
    const { epoch: known, have } = target.record()
    channel = connection.open(
      { document: id, epoch: known ?? '', seq: have, mode: 'watch', stateVector: Y.encodeStateVector(doc) },
      on,
    )
    if (channel) state.set({ kind: 'joining' })
  }

  const send = (update: Uint8Array, how: 'update' | 'offer' | 'answer'): void => {
    acks.sent()
    channel?.[how](update)
  }

  const onOpened = (effect: Extract<ChannelEffect, { kind: 'opened' }>): void => {
    opened = true
    mightWrite = mayWrite()
    acks.reset()
    marked = ''
    // Positions are of one history and epoch: those of the opening before may be of others.
    reached = 0
    ;({ epoch, role } = effect)
    const before = target.record()
    unnamed = before.epoch === null
    if (before.epoch !== null && before.epoch !== epoch) target.adopt(epoch)
    const waits = before.edited > before.sent || target.isWriting() || has(doc, effect.stateVector)
    const offers = waits || !effect.trusted
    believed = offers ? null : before.sent
    if (role !== 'read' && offers) send(encodeIntegrated(doc, effect.stateVector), 'offer')
    const own = awareness.getLocalState()
    if (own !== null) channel?.awareness(encodeAwarenessUpdate(awareness, [awareness.clientID]))
  }

  const on = (effect: ChannelEffect): void => {
    if (left && effect.kind !== 'acked') return
    switch (effect.kind) {
      case 'opened':
        onOpened(effect)
        return
      case 'deliver':
        reached = effect.seq
        target.deliver(effect.update, position(), origin)
        return
      case 'level':
        reached = Math.max(reached, effect.seq)
        backoff.reset()
        state.set({ kind: 'joined' })
        if (reached > target.record().have) target.onReached(0, position())
        poke()
        return
      case 'acked':
        reached = Math.max(reached, effect.seq)
        acks.acked(effect.upTo)
        for (const { n, code } of effect.refused) refused(n, code)
        if (isFull && effect.refused.length === 0 && !acks.pending()) {
          isFull = false
          stuck = null
          patience.reset()
        }
        settle()
        target.onAcked()
        return
      case 'resync':
        send(encodeIntegrated(doc, effect.stateVector), 'answer')
        return
      case 'hear':
        applyAwarenessUpdate(awareness, effect.awareness, origin)
        return
      case 'leased':
        target.onLeased(effect.leased)
        return
      case 'stop-requested':
        target.onStopRequested(effect.key, effect.by)
        return
      case 'not-sent':
        if (effect.reason === 'too-large') refused(Number.POSITIVE_INFINITY, REFUSAL.TOO_LARGE)
        return
      case 'set-aside':
        target.onOver(effect.code, effect.epoch, effect.text)
        return
      case 'refused':
      case 'closed':
        end()
        if (isFinalRefusal(effect.code) && effect.code !== REFUSAL.ENDED) {
          state.set({ kind: 'refused', reason: refusalReason(effect.code, effect.text) })
        } else {
          state.set({ kind: 'offline' })
          if (effect.code === REFUSAL.ENDED) tryOpen()
          else backoff.schedule(tryOpen)
        }
        return
      case 'lost':
        end()
        if (state.get().kind !== 'refused') state.set({ kind: 'offline' })
    }
  }

  const refused = (n: number, code: number): void => {
    acks.refused(n)
    if (code === REFUSAL.READ_ONLY) {
      role = 'read'
      return
    }
    stuck = refusalReason(code)
    if (isFinalRefusal(code)) {
      target.onRefusedUpdates(code)
      return
    }
    // It may be taken later, so nothing is set aside: opening it anew offers all that the relay has not.
    isFull = true
    patience.schedule(() => {
      if (opened) channel?.close()
    })
  }

  const end = (): void => {
    channel = null
    opened = false
    acks.reset()
    const others = [...awareness.getStates().keys()].filter((client) => client !== awareness.clientID)
    removeAwarenessStates(awareness, others, origin)
  }

  /** Marks what the acks so far cover. */
  const settle = (): void => {
    const { edited, sent, epoch: known } = target.record()
    const upTo = acks.upTo()
    const mark = `${upTo}/${edited}/${sent}`
    if (edited <= sent || upTo <= sent || mark === marked) return
    // Marks are of this epoch: they wait until the document is.
    if (known !== null && known !== epoch) return
    marked = mark
    target.onReached(upTo, position())
  }

  const poke = (again = false): void => {
    if (left) return
    if (again) marked = ''
    if (!channel) {
      tryOpen()
      return
    }
    if (!opened || role === 'read') return
    const { edited, sent, epoch: known } = target.record()
    if (unnamed && known !== null) {
      unnamed = false
      if (known !== epoch) target.adopt(epoch)
    }
    if (believed !== null && sent < believed) {
      // What was marked is void since (W11): opened anew, everything is offered.
      believed = null
      acks.reset()
      acks.refused(0)
      channel.close()
      return
    }
    const covered = target.covered()
    if (edited > covered && !catchingUp) {
      // What a tab wrote and did not tell of: reading it sends it.
      catchingUp = true
      void target
        .catchUp()
        // A storage that cannot be read is the journal's matter: all is read again when it can.
        .catch(() => null)
        .finally(() => {
          catchingUp = false
        })
    }
    acks.covered(covered)
    settle()
  }

  const onUpdate = (update: Uint8Array, from: unknown): void => {
    if (opened && channel && from !== origin && role !== 'read') send(update, 'update')
  }
  const onAwareness = (
    { added, updated, removed }: { added: number[]; updated: number[]; removed: number[] },
    from: unknown,
  ): void => {
    if (!opened || from === origin || ![...added, ...updated, ...removed].includes(awareness.clientID)) return
    channel?.awareness(encodeAwarenessUpdate(awareness, [awareness.clientID]))
  }
  doc.on('update', onUpdate)
  awareness.on('update', onAwareness)
  /** A token that lets us write came on the open socket: what was opened to be read is opened anew. */
  const onRole = (): void => {
    if (opened && role === 'read' && !mightWrite && mayWrite()) channel?.close()
  }
  const unsubscribe = [connection.onRoom(tryOpen), connection.state.subscribe(onRole)]
  tryOpen()

  return {
    state,
    origin,
    acked: acks.upTo,
    pending: acks.pending,
    readOnly: () => opened && role === 'read',
    stuck: () => stuck,
    channel: () => (opened ? channel : null),
    poke,
    leave: () => {
      if (left) return
      left = true
      for (const off of unsubscribe) off()
      backoff.cancel()
      patience.cancel()
      doc.off('update', onUpdate)
      awareness.off('update', onAwareness)
      if (opened && reached > target.record().have) target.onReached(0, position())
      // The relay takes our presence away with the channel.
      channel?.close()
      end()
      state.set({ kind: 'offline' })
    },
  }
}

/** Whether a document has something that this state vector does not name. */
function has(doc: Y.Doc, stateVector: Uint8Array): boolean {
  const there = Y.decodeStateVector(stateVector)
  for (const [client, clock] of Y.decodeStateVector(Y.encodeStateVector(doc))) {
    if (clock > (there.get(client) ?? 0)) return true
  }
  return false
}
