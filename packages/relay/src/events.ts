/** Everything the relay reports. `space` and `document` are names, never content; no event holds a token. */
export type RelayEvent =
  | { readonly event: 'refused'; readonly status: number; readonly code: string; readonly path: string }
  | { readonly event: 'connected'; readonly peer: number; readonly space: string; readonly document: string }
  | {
      readonly event: 'disconnected'
      readonly peer: number
      readonly space: string
      readonly document: string
      readonly code: number
      readonly reason: string
    }
  | { readonly event: 'sync-connected'; readonly peer: number; readonly space: string; readonly client: string }
  | {
      readonly event: 'sync-disconnected'
      readonly peer: number
      readonly space: string
      readonly code: number
      readonly reason: string
    }
  /** A client has a cursor that this history never gave: its own mistake, or the storage went back unnoticed (W11). */
  | {
      readonly event: 'cursor-ahead'
      readonly peer: number
      readonly space: string
      readonly cursor: number
      readonly head: number
    }
  | { readonly event: 'room-loaded'; readonly space: string; readonly document: string; readonly updates: number }
  | { readonly event: 'room-unloaded'; readonly space: string; readonly document: string }
  | { readonly event: 'load-failed'; readonly space: string; readonly document: string; readonly error: string }
  /** A document failed its checks: what was left of it is in the quarantine, its whole beginning is served, and clients bring the rest. */
  | {
      readonly event: 'document-set-aside'
      readonly space: string
      readonly document: string
      /** Updates that were kept. */
      readonly kept: number
      /** The copy's name in the quarantine. */
      readonly copy: string
      readonly detail: string
    }
  | { readonly event: 'append-failed'; readonly space: string; readonly document: string; readonly error: string }
  | {
      readonly event: 'gap'
      readonly space: string
      readonly document: string
      readonly peer: number
      readonly kept: boolean
    }
  | { readonly event: 'compacted'; readonly space: string; readonly document: string; readonly outcome: string }
  | { readonly event: 'compaction-failed'; readonly space: string; readonly document: string; readonly error: string }
  /** Something of it was refused, or everything new is from now on, because holding it would cost too much. */
  | { readonly event: 'too-costly'; readonly space: string; readonly document: string; readonly reason: string }
  /** Blobs of which the last document was purged a grace time ago are removed. */
  | { readonly event: 'blobs-swept'; readonly count: number; readonly bytes: number }
  | { readonly event: 'blobs-failed'; readonly error: string }
  | { readonly event: 'request-failed'; readonly path: string; readonly error: string }

/** An error as events tell it. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
