import type { Backoff } from './backoff.ts'
import type { ChannelRelayFrame } from './client-channel.ts'
import type { ClientFrame, RelayFrame, SyncFeedEntry, SyncRole } from './frames.ts'
import type { SyncLimits, VersionRange } from './limits.ts'

export interface ClientConfig {
  /** A random id of this window, new each time it starts. */
  readonly client: string
  /** Name and version of the program. */
  readonly agent: string
  readonly versions?: VersionRange
  readonly backoff?: Backoff
}

/** What outlives a connection. */
export interface ClientMemory {
  readonly token: string
  /** '' before the first welcome ever. */
  readonly incarnation: string
  readonly cursor: number
  /** The highest `reach` that this device was told under `incarnation`; 0 when it was told none (W11). */
  readonly reach: number
  /** Connections in a row that did not last. */
  readonly attempt: number
}

/** How the one shared connection of a space stands. */
export type ClientState =
  | { readonly kind: 'off' }
  /** Until the timer `retry`. `code` is why. */
  | { readonly kind: 'waiting'; readonly memory: ClientMemory; readonly code: number; readonly reason: string }
  /** The socket is being opened. */
  | { readonly kind: 'connecting'; readonly memory: ClientMemory }
  /** The hello is sent; channels may be opened already. */
  | { readonly kind: 'greeting'; readonly memory: ClientMemory }
  | {
      readonly kind: 'open'
      readonly memory: ClientMemory
      readonly version: number
      readonly role: SyncRole
      readonly limits: SyncLimits
      /** Of the feed, as last told: level with it when `memory.cursor` is the same. */
      readonly head: number
      /** Something came since the last ping. */
      readonly heard: boolean
      readonly ping: number
    }
  /** Final until a `token` or `start`. */
  | { readonly kind: 'refused'; readonly memory: ClientMemory; readonly code: number; readonly reason: string }

export type ClientTimer = 'connect' | 'welcome' | 'retry' | 'settled' | 'ping' | 'pong' | 'token'

export type ClientEvent =
  | {
      readonly kind: 'start'
      readonly token: string
      readonly incarnation: string
      readonly cursor: number
      readonly reach?: number
    }
  | { readonly kind: 'stop' }
  /** Another token: after `token-wanted`, or when the person gave one. */
  | { readonly kind: 'token'; readonly token: string }
  /** The machine is online again, or the person asks: try now. */
  | { readonly kind: 'wake' }
  /** `reach`: what other windows of this device were told under the same name, as far as this one makes use of it. */
  | { readonly kind: 'socket-open'; readonly reach?: number }
  /** Never handed in for a socket that a `disconnect` or a `connect` has left behind. */
  | { readonly kind: 'socket-closed'; readonly code: number; readonly reason: string }
  /** A frame of the session, or of a channel. */
  | { readonly kind: 'frame'; readonly frame: RelayFrame }
  /** A piece of a frame came. */
  | { readonly kind: 'heard' }
  /** The bytes, or a channel's machine, show that the relay breaks the protocol. */
  | { readonly kind: 'broken'; readonly code: number; readonly reason: string }
  /** A transfer was never finished. */
  | { readonly kind: 'stalled' }
  | { readonly kind: 'timer'; readonly timer: ClientTimer }

export type ClientEffect =
  /** Open a socket, leaving any other behind. */
  | { readonly kind: 'connect' }
  /** Close the socket and forget it: nothing of it is handed in any more. */
  | { readonly kind: 'disconnect'; readonly code: number; readonly reason: string }
  | { readonly kind: 'send'; readonly frame: ClientFrame }
  | { readonly kind: 'set-timer'; readonly timer: ClientTimer; readonly ms: number }
  | { readonly kind: 'clear-timer'; readonly timer: ClientTimer }
  /** The hello is out: open what is wanted now, and it costs no further round trip. */
  | { readonly kind: 'greeted' }
  | { readonly kind: 'limits'; readonly limits: SyncLimits }
  | {
      readonly kind: 'welcomed'
      readonly incarnation: string
      readonly role: SyncRole
      readonly head: number
      readonly version: number
      /**
       * Up to this `reach` what anybody was told under the name of the hello is part of this history; 0: nothing is known to be. A
       * relay of version 1 does not say, and what it calls its own is believed: `Number.MAX_SAFE_INTEGER`.
       */
      readonly until: number
    }
  /**
   * W11: cursor and acknowledgements belong to another history, or the relay has lost part of it. They are void; every
   * document is to be offered. The feed begins again at 0.
   */
  | { readonly kind: 'history'; readonly incarnation: string; readonly cause: 'incarnation' | 'cursor' }
  /** Keep the entries and the cursor `upTo` in one transaction. */
  | {
      readonly kind: 'feed'
      readonly entries: readonly SyncFeedEntry[]
      readonly upTo: number
      readonly head: number
    }
  | { readonly kind: 'renewed'; readonly role: SyncRole }
  | { readonly kind: 'token-wanted'; readonly why: 'expires-soon' | 'expired' }
  /** For the machine of that channel. */
  | { readonly kind: 'route'; readonly channel: number; readonly frame: ChannelRelayFrame }
  | { readonly kind: 'answered'; readonly request: number; readonly answer: RequestAnswer }
  /** The connection and all its channels have gone; requests that were not answered have no answer. */
  | { readonly kind: 'lost'; readonly code: number; readonly reason: string }
  | { readonly kind: 'refused'; readonly code: number; readonly reason: string }

export type RequestAnswer =
  | { readonly kind: 'done'; readonly feed: number }
  | { readonly kind: 'failed'; readonly code: number; readonly text: string }

export interface ClientStep {
  readonly state: ClientState
  readonly effects: readonly ClientEffect[]
}
