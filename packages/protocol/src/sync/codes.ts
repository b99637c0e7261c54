/**
 * Why something asked for over `/sync` did not happen. The numbers are on the wire and stay; like the close codes they borrow
 * HTTP's classes: 4xx is decided (the same again is refused again), 5xx may be tried again later. A code that this
 * version does not know is treated by its class.
 */
export const REFUSAL = {
  /** No refusal: the channel ended as the client asked. */
  ENDED: 200,
  /** A document, epoch or lease key that is no name (see `isName`). */
  BAD_NAME: 400,
  /** The token does not reach this document. */
  FORBIDDEN: 403,
  /** There is no such document, or no such lease. */
  NOT_FOUND: 404,
  /** The role does not allow writing (W4). */
  READ_ONLY: 405,
  /** A request names an epoch that is not the live one. Refusing an `open`, with the live epoch: the relay cannot take what is of this one. */
  EPOCH_OTHER: 409,
  /** This epoch was purged and stays refused (W9). */
  EPOCH_PURGED: 410,
  /** An update builds on something that is not here, and the answer to the resync did not bring it (W5). */
  GAP: 412,
  /** A summary, a lease key or a message over its limit. Nothing of it was taken. */
  TOO_LARGE: 413,
  /** The feed cursor is beyond the head of this history; the feed begins again at 0 (W11). */
  CURSOR_AHEAD: 416,
  /** The client's cursor belongs to another incarnation; the feed begins again at 0 (W11). */
  OTHER_INCARNATION: 421,
  /** The bytes are no Yjs update. */
  BAD_UPDATE: 422,
  /** Another window holds the lease (W12). */
  LEASE_HELD: 423,
  /** The fencing number is not the lease's: it has expired, or another has it now (W12). */
  LEASE_LOST: 424,
  /** With this the document would cost everybody who holds it too much: too many clients, deletions, or too much work. Nothing of it was taken. */
  TOO_COSTLY: 430,
  /** What is stored of this document fails its checks. */
  DAMAGED: 500,
  /** It could not be written or read. Nothing was acknowledged. */
  STORAGE_FAILED: 503,
  /** The disk is full. Nothing was acknowledged. */
  STORAGE_FULL: 507,
  /** The space has as many bytes as it may have. Nothing was stored; reading goes on. */
  SPACE_FULL: 508,
  /** The document has as many bytes as one may have. Nothing was stored; reading goes on. */
  DOCUMENT_FULL: 509,
  /** More channels than the relay takes at once. Try again when another has been closed. */
  TOO_MANY_CHANNELS: 529,
} as const

export type RefusalName = keyof typeof REFUSAL
export type Refusal = (typeof REFUSAL)[RefusalName]

const NAMES = new Map<number, RefusalName>((Object.keys(REFUSAL) as RefusalName[]).map((name) => [REFUSAL[name], name]))

/** The stable name of a code, for logs and error objects; `UNKNOWN_<code>` for one of a newer version. */
export function refusalName(code: number): RefusalName | `UNKNOWN_${number}` {
  return NAMES.get(code) ?? `UNKNOWN_${code}`
}

/** Whether asking for the same again is pointless until something else has changed. */
export function isFinalRefusal(code: number): boolean {
  return code < 500
}
