/** A place in the history of one Yjs client: the `clock`-th thing it made, from 0. */
export interface Position {
  readonly client: number
  readonly clock: number
}

/** What the intake says of one update (SPEC W5). Bytes are Yjs v1 updates. */
export type Decision =
  /** Causally complete and brings something: store `update`, which holds what is new and nothing else. */
  | { readonly kind: 'store'; readonly update: Uint8Array }
  /** Every struct and every deletion is known already. */
  | { readonly kind: 'nothing-new' }
  /**
   * Something it builds on is not here. `good` is the causally complete part of it that is new (null when there is
   * none): deciding on `good` gives `store`. `missing` names the first things that were looked for and not found, at most
   * one per client of the update.
   */
  | { readonly kind: 'gap'; readonly good: Uint8Array | null; readonly missing: readonly Position[] }
  /** Not an update that Yjs could read. */
  | { readonly kind: 'garbage'; readonly reason: string }
  /** It may be sound, but with it the document would cost everybody too much: nothing of it is taken. `reason` says what. */
  | { readonly kind: 'too-costly'; readonly reason: string }
  /** There is no room for it now: nothing of it is taken. `code` is one of `REFUSAL`. */
  | { readonly kind: 'full'; readonly code: number; readonly reason: string }
