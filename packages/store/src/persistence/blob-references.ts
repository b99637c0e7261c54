/** A conversation of this device that names a blob. */
export interface BlobReference {
  readonly conversation: string
  readonly sha256: string
}

/** What the relay says of how much it was told (SPEC-BLOBS). `from`: what was known of that before. */
export interface TallyStep {
  readonly from: string | null
  readonly to: string
}

/**
 * Which conversations of this device name which blobs. Kept by every write that holds an update which names one, in the same transaction,
 * until the conversation is retired: then blobs that nobody else names go with it. What was set aside keeps its own.
 *
 * Each is untold until the relay has been told, whoever made it. All that are not untold are among what the relay had been told at `tally`; so
 * a relay that does not know that any more is told all of them again.
 */
export interface BlobReferences {
  /** Those that the relay is to be told, in order, behind `after`. */
  untold(limit: number, after?: BlobReference | null): Promise<BlobReference[]>
  /** What the relay had been told when the last of these was; null when none was since this has been kept. */
  tally(): Promise<string | null>
  /**
   * The relay knows that the conversation refers to these. `missing` are those that it does not have: what this device has of them waits to be sent from
   * now on, and the others do not.
   * @returns those that wait now; null, and nothing is changed, when another tab has told something, or found that all is to be told again, since `from`
   */
  told(
    conversation: string,
    hashes: readonly string[],
    missing: readonly string[],
    tally: TallyStep,
  ): Promise<string[] | null>
  /** The relay does not take references of this conversation, which was purged there. */
  refused(conversation: string, hashes: readonly string[]): Promise<void>
  /** What was told up to this tally does not hold: all are untold from now on. Nothing when another tab has found that since. */
  retell(tally: string | null): Promise<void>
  /** What this device has of these waits to be sent from now on. @returns those */
  want(hashes: readonly string[]): Promise<string[]>
  /** Who names it: conversations, and what was set aside (`isConversation`). */
  owners(sha256: string): Promise<string[]>
  /** Whether this device has any blob, or names one. */
  any(): Promise<boolean>
}

/** Of a storage that keeps no blobs. */
export const noReferences: BlobReferences = {
  untold: async () => [],
  tally: async () => null,
  told: async () => [],
  refused: async () => undefined,
  retell: async () => undefined,
  want: async () => [],
  owners: async () => [],
  any: async () => false,
}

/** Under what the references of something set aside are kept: no conversation has such a name. */
export function asideOwner(key: string): string {
  return `/${key}`
}

export function isConversation(owner: string): boolean {
  return !owner.startsWith('/')
}
