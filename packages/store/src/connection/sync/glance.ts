import { decodeAwareness } from '@holdfast/protocol'
import { LEASE_MS } from '../../holder.ts'
import { OfflineError } from '../port.ts'
import type { ChannelEffect, SpaceConnection, SyncChannel } from './port.ts'

export type Glanced =
  /** Somebody answers in it, for so many milliseconds more unless they say so again. */
  | { readonly kind: 'held'; readonly ms: number }
  | { readonly kind: 'free' }
  /** The relay does not open this document now. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'no-channel' }

export interface GlanceWish {
  readonly document: string
  readonly epoch: string
  /** The last position that the feed told, and what is here: nothing of the document itself is to come. */
  readonly seq: number
  readonly stateVector: Uint8Array
}

/**
 * Asks the relay who answers in a document that nobody here has open: watches it for as long as it takes the relay to introduce
 * whoever is there, which it does before it says that all has come. Nothing is read, written, taken or said of ourselves.
 * Rejects with `OfflineError` when the connection goes.
 */
export function glance(connection: SpaceConnection, wish: GlanceWish): Promise<Glanced> {
  return new Promise((resolve, reject) => {
    let channel: SyncChannel | null = null
    let over = false
    /** Somebody is present and says that they write. Their lease, if they have one, comes right behind. */
    let writing = false
    const finish = (glanced: Glanced): void => {
      if (over) return
      over = true
      channel?.close()
      resolve(glanced)
    }
    const on = (effect: ChannelEffect): void => {
      if (over) return
      switch (effect.kind) {
        case 'leased':
          if (effect.leased.holder !== '') finish({ kind: 'held', ms: effect.leased.ttl })
          return
        case 'hear':
          writing ||= isWriting(effect.awareness)
          return
        case 'level':
          finish(writing ? { kind: 'held', ms: LEASE_MS } : { kind: 'free' })
          return
        case 'refused':
        case 'closed':
          finish({ kind: 'refused' })
          return
        case 'lost':
          over = true
          reject(new OfflineError('the connection broke'))
      }
    }
    channel = connection.open({ ...wish, mode: 'watch' }, on)
    if (!channel) finish({ kind: 'no-channel' })
    else if (over) channel.close()
  })
}

/** Whether somebody's awareness names a message that they are writing. What others say of themselves has any shape. */
function isWriting(awareness: Uint8Array): boolean {
  const decoded = decodeAwareness(awareness)
  if (decoded.kind === 'garbage') return false
  return decoded.entries.some(({ state }) => {
    if (state === null) return false
    const said: unknown = JSON.parse(new TextDecoder().decode(state))
    return typeof said === 'object' && said !== null && 'writing' in said && isList(said.writing)
  })
}

const isList = (value: unknown): boolean => Array.isArray(value) && value.length > 0
