/** A conversation of this device that names a blob. */
export interface BlobReference {
  readonly conversation: string
  readonly sha256: string
}

/**
 * Which conversations of this device name which blobs. Kept by every write that holds an update which names one, in the same transaction,
 * until the conversation is retired: then blobs that nobody else names go with it. What was set aside keeps its own.
 */
export interface BlobReferences {
  /** Those made here that the relay has not been told. */
  untold(limit: number): Promise<BlobReference[]>
  /**
   * The relay knows that the conversation refers to these. `missing` are those that it does not have: what this device has of them waits to be sent from
   * now on, and the others do not. Null: nothing is known of that.
   * @returns those that wait now
   */
  told(conversation: string, hashes: readonly string[], missing: readonly string[] | null): Promise<string[]>
  /** What this device has of these waits to be sent from now on. @returns those */
  want(hashes: readonly string[]): Promise<string[]>
  /** A conversation that names it. */
  referrer(sha256: string): Promise<string | null>
  /** How many blobs this device has. */
  count(): Promise<number>
}

/** Of a storage that keeps no blobs. */
export const noReferences: BlobReferences = {
  untold: async () => [],
  told: async () => [],
  want: async () => [],
  referrer: async () => null,
  count: async () => 0,
}

/** Under what the references of something set aside are kept: no conversation has such a name. */
export function asideOwner(key: string): string {
  return `/${key}`
}

export function isConversation(owner: string): boolean {
  return !owner.startsWith('/')
}
