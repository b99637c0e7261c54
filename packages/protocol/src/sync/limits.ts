/** The versions of `/sync` that a program speaks, both ends included. */
export interface VersionRange {
  readonly min: number
  readonly max: number
}

/** What this program speaks: its own version and the one before (Y15). */
export const SYNC_VERSIONS: VersionRange = { min: 1, max: 2 }

/** From this version on frames say how far the relay's history reaches. */
export const REACH_SINCE = 2

/** What the relay tells in its welcome. Sizes in bytes. */
export interface SyncLimits {
  /** Largest message, and the most that unfinished transfers of one direction may add up to. */
  readonly message: number
  /** Largest frame; what is larger travels in pieces. */
  readonly piece: number
  /** Channels open at once; channel numbers are 1 to this. At least `LEAST_CHANNELS`. */
  readonly channels: number
  /** Largest summary. */
  readonly summary: number
}

/** What every relay lets a client have open (Y7), so that what is opened before its limits are known is not refused for them. */
export const LEAST_CHANNELS = 24

export const DEFAULT_SYNC_LIMITS: SyncLimits = {
  message: 64 * 1024 * 1024,
  piece: 64 * 1024,
  channels: 1024,
  summary: 2048,
}

/** What a relay takes of a client that it has not welcomed. */
export interface BeforeWelcome {
  /** Messages, the hello included, and their bytes in all. */
  readonly frames: number
  readonly bytes: number
  /** Milliseconds in which the hello must have come and its token been judged. */
  readonly ms: number
}

/** What a relay takes unless it is told otherwise. Clients stay within the messages, and at half of the bytes. */
export const BEFORE_WELCOME = { bytes: 64 * 1024, frames: 16, ms: 5_000 } as const satisfies BeforeWelcome

/** Channels that a client may open before it knows the limits: with the hello they are as many messages as a relay takes. */
export const EARLY_CHANNELS = BEFORE_WELCOME.frames - 1

/** Bytes that the header of a frame takes beside its variable part, generously: a piece leaves this much room. */
export const PIECE_OVERHEAD = 32

/** Longest texts and byte strings inside frames, in bytes. Longer ones are garbage. */
export const FIELD = {
  name: 128,
  agent: 128,
  token: 16 * 1024,
  text: 1024,
  /** The relay's limit decides; this only keeps a decoder from listing nonsense. */
  summary: 64 * 1024,
  refusedPerAck: 1024,
  entriesPerPage: 10_000,
} as const

/** Bounds of a lease's time to live, in milliseconds. */
export const LEASE_TTL = { min: 1_000, max: 60_000 } as const
