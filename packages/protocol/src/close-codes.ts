/**
 * Every code with which the relay closes a socket (SPEC W8). 4400-4499 mirror HTTP's 4xx: the relay has decided, and the
 * same bytes or the same token would be refused again. Everything else is "try again later", with full jitter.
 */
export const CLOSE = {
  /** The process is ending. Retried. */
  SHUTTING_DOWN: 1001,
  /** Bytes that are no frame of the protocol, an update that no Yjs could have made, or a breach of RFC 6455. Final. */
  BAD_FRAME: 4400,
  /** The token's time is over, or it was revoked. Final for this token: ask for another. */
  TOKEN_EXPIRED: 4401,
  /** The token no longer reaches this document. Final. */
  FORBIDDEN: 4403,
  /** This document was purged. Final. */
  PURGED: 4410,
  /** One message was larger than the relay takes. Final: the same message would be as large next time. */
  TOO_BIG: 4413,
  /** A text frame; the protocol is binary. Final. */
  TEXT_FRAME: 4415,
  /** An update could not be written. Nothing of it was acknowledged or shown. Retried. */
  STORAGE_FAILED: 4500,
  /** The document could not be read. Nothing was answered or written. Retried. */
  LOAD_FAILED: 4503,
  /** The peer took nothing of what was waiting for it for too long (W7), or answered no ping. Retried. */
  STALLED: 4508,
  /** More connections, or more waiting bytes, than the relay takes at once. Retried. */
  BUSY: 4529,
} as const

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE]

/** Whether a client must not retry by itself after this code. The same test that y-websocket 3 makes. */
export function isFinalClose(code: number): boolean {
  return code >= 4400 && code < 4500
}
