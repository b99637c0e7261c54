import {
  diffUpdate,
  EMPTY_UPDATE,
  encodeStateVector,
  Intake,
  isFinalRefusal,
  joinUpdates,
  REFUSAL,
  type SyncRole,
} from '@holdfast/protocol'
import type { LogPosition, StoredDocument } from '../../persistence/port.ts'
import { isWaiting } from '../../persistence/records.ts'
import { OfflineError } from '../port.ts'
import type { ChannelEffect, SpaceConnection, SyncChannel } from './port.ts'

export type Exchanged =
  /** Both sides have what the other had. `sent`: rows up to this are on the relay; 0 when none were offered. */
  | {
      readonly kind: 'level'
      readonly role: SyncRole
      readonly sent: number
      readonly position: LogPosition
      readonly fetched: number
    }
  /** Updates that the relay will not take, for good. */
  | { readonly kind: 'refused-updates'; readonly code: number }
  /** The document could not be opened, or not be finished. `later`: it is worth trying again. */
  | { readonly kind: 'refused'; readonly code: number; readonly text: string; readonly later: boolean }
  | { readonly kind: 'set-aside'; readonly code: number; readonly epoch: string; readonly text: string }
  | { readonly kind: 'no-channel' }

export interface ExchangeOptions {
  readonly connection: SpaceConnection
  readonly id: string
  /** Null: this device has nothing of it. */
  readonly stored: StoredDocument | null
  /** The epoch to ask for: the record's. */
  readonly epoch: string | null
  /** An update that this device lacked. */
  readonly take: (update: Uint8Array) => void
  /** The document goes on under this epoch, and everything is offered (protocol Y12). */
  readonly adopt: (epoch: string) => void
}

/**
 * Brings a document that nobody has open level with the relay, without building it: its rows are joined and cut by the protocol's
 * scanner, and what the relay has more is handed on as bytes. Rejects with `OfflineError` when the connection goes.
 */
export function exchange(options: ExchangeOptions): Promise<Exchanged> {
  const { connection, id, stored } = options
  const rows = stored?.updates ?? []
  const record = stored?.record ?? null
  const waiting = record !== null && isWaiting(record)
  return new Promise((resolve, reject) => {
    let channel: SyncChannel | null = null
    let epoch = ''
    let role: SyncRole = 'write'
    let offers = 0
    let offered = 0
    let acked = 0
    let level = false
    let reached = 0
    let fetched = 0
    let over = false

    const finish = (outcome: Exchanged): void => {
      if (over) return
      over = true
      channel?.close()
      resolve(outcome)
    }
    const look = (): void => {
      if (!level || acked < offers) return
      finish({ kind: 'level', role, sent: offered, position: { epoch, seq: reached }, fetched })
    }
    const offer = (stateVector: Uint8Array, trusted: boolean): void => {
      if (role === 'read' || rows.length === 0 || record === null || (trusted && !waiting)) return
      offers = 1
      offered = record.last
      const unsent = record.last - record.sent
      // Rows up to `sent` are there; rows are numbered without a gap up to the last.
      const update =
        trusted && unsent < rows.length ? joinUpdates(rows.slice(-unsent)) : diffUpdate(joinUpdates(rows), stateVector)
      channel?.offer(update)
    }
    const on = (effect: ChannelEffect): void => {
      if (over) return
      switch (effect.kind) {
        case 'opened':
          epoch = effect.epoch
          role = effect.role
          if (record?.epoch && record.epoch !== epoch) options.adopt(epoch)
          offer(effect.stateVector, effect.trusted)
          return
        case 'deliver':
          fetched++
          reached = effect.seq
          options.take(effect.update)
          return
        case 'level':
          level = true
          reached = Math.max(reached, effect.seq)
          look()
          return
        case 'acked': {
          const [refused] = effect.refused
          acked = effect.upTo
          reached = Math.max(reached, effect.seq)
          if (refused) finish({ kind: 'refused-updates', code: refused.code })
          else look()
          return
        }
        case 'resync':
          offers++
          channel?.answer(rows.length > 0 ? diffUpdate(joinUpdates(rows), effect.stateVector) : EMPTY_UPDATE)
          return
        case 'not-sent':
          finish({ kind: 'refused', code: REFUSAL.TOO_LARGE, text: 'more than one message holds', later: false })
          return
        case 'set-aside':
          finish({ kind: 'set-aside', code: effect.code, epoch: effect.epoch, text: effect.text })
          return
        case 'refused':
        case 'closed':
          finish({
            kind: 'refused',
            code: effect.code,
            text: effect.text,
            later: !isFinalRefusal(effect.code) || effect.code === REFUSAL.ENDED,
          })
          return
        case 'lost':
          over = true
          reject(new OfflineError('the connection broke'))
      }
    }
    const wish = {
      document: id,
      epoch: options.epoch ?? '',
      seq: record?.have ?? 0,
      mode: 'exchange' as const,
      stateVector: stateVectorOf(rows),
    }
    channel = connection.open(wish, on)
    if (!channel) finish({ kind: 'no-channel' })
  })
}

/** Of rows that were accepted one after the other. */
export function stateVectorOf(rows: readonly Uint8Array[]): Uint8Array {
  const intake = new Intake()
  for (const row of rows) intake.restore(row)
  return encodeStateVector(intake.stateVector())
}
