/** One connected socket, as the rest of the relay sees it. `sockets.ts` makes it of `ws`; tests drive one by hand. */
export interface Wire {
  /**
   * Sends one message, or a piece of one: pieces with `last` false are followed by more of the same message, with nothing
   * between.
   */
  send(bytes: Uint8Array, last: boolean): void
  /** Sends whole messages, together if that is cheaper. */
  sendAll(messages: readonly Uint8Array[]): void
  /** Bytes handed over and not yet taken by the system. */
  readonly waiting: number
  /** So much is waiting that nothing more should be sent before `drained` is told. */
  readonly isFull: boolean
  close(code: number, reason: string): void
  /** Drops the connection without a word. */
  terminate(): void
  /** What is told by `pong` when it is answered. */
  ping(mark?: number): void
  /** No more messages are wanted for now: the sender is held back. */
  pause(): void
  resume(): void
}

/** What a wire tells; set once, before anything can happen. */
export interface WireListener {
  message(bytes: Uint8Array): void
  textMessage(): void
  /** `mark`: of the ping that it answers, and of all before it. */
  pong(mark?: number): void
  /** Everything handed over has been taken, after `isFull` was true. */
  drained(): void
  /** What came cannot be read on: the wire closes with this code by itself, `closed` follows. */
  breached?(code: number, reason: string): void
  /** It has closed, by whomever, with this code. Nothing comes after. */
  closed(code: number): void
}
