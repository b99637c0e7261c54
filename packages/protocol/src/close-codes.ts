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
  /** `/sync`: there is no such space. Final. */
  NOT_FOUND: 4404,
  /** This document was purged. Final. */
  PURGED: 4410,
  /** One message was larger than the relay takes. Final: the same message would be as large next time. */
  TOO_BIG: 4413,
  /** A text frame; the protocol is binary. Final. */
  TEXT_FRAME: 4415,
  /** `/sync`: the relay no longer speaks any version that the client does: upgrade the client. Final. */
  CLIENT_TOO_OLD: 4426,
  /** An update could not be written. Nothing of it was acknowledged or shown. Retried. */
  STORAGE_FAILED: 4500,
  /** The document could not be read. Nothing was answered or written. Retried. */
  LOAD_FAILED: 4503,
  /** `/sync`: no hello came in time. Retried. */
  NO_HELLO: 4504,
  /** `/sync`: the relay does not yet speak any version that the client does: upgrade the relay. Retried. */
  RELAY_TOO_OLD: 4505,
  /** `/sync`: the relay's history has another id from now on (W11). Retried, and the welcome tells the new one. */
  INCARNATION_CHANGED: 4506,
  /** The peer took nothing of what was waiting for it for too long (W7), or answered no ping. Retried. */
  STALLED: 4508,
  /** `/sync`: more messages or bytes before the welcome than the relay takes. Retried: with a hello alone, and the rest after the welcome. */
  TOO_EARLY: 4525,
  /** More connections, or more waiting bytes, than the relay takes at once. Retried. */
  BUSY: 4529,
  /** More messages a second than the relay reads of one connection, for too long. Retried: what was acknowledged stays, the rest goes on. */
  TOO_FAST: 4530,
} as const

export type CloseCode = (typeof CLOSE)[keyof typeof CLOSE]

/** Whether a client must not retry by itself after this code. The same test that y-websocket 3 makes. */
export function isFinalClose(code: number): boolean {
  return code >= 4400 && code < 4500
}
