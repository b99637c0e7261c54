import type { Clock, Environment } from '../../environment.ts'

/** Browsers tell nobody when a socket has drained: it is asked. */
const DRAIN_MS = 10
/** Bytes that may wait in the socket before no more are handed to it. */
const HIGH_WATER = 1024 * 1024
/** Bytes handed over at a time. */
const BUDGET = 256 * 1024

export interface SocketEvents {
  open(): void
  message(bytes: Uint8Array): void
  closed(code: number, reason: string): void
}

/** One WebSocket at a time: opening another leaves the one before behind, and nothing of it is told any more. */
export interface Socket {
  connect(): void
  disconnect(code: number, reason: string): void
  /** There may be something to send. */
  pump(): void
}

export function createSocket(
  url: string,
  environment: { readonly WebSocket: Environment['WebSocket']; readonly clock: Clock },
  next: (budget: number) => Uint8Array[],
  events: SocketEvents,
): Socket {
  let current: WebSocket | null = null
  let scheduled = false
  let cancelDrain: (() => void) | null = null

  const send = (): void => {
    const socket = current
    if (socket?.readyState !== 1) return
    while (socket.bufferedAmount < HIGH_WATER) {
      const messages = next(BUDGET)
      if (messages.length === 0) return
      for (const message of messages) socket.send(message as Uint8Array<ArrayBuffer>)
    }
    cancelDrain ??= environment.clock.after(DRAIN_MS, () => {
      cancelDrain = null
      send()
    })
  }

  const leave = (): WebSocket | null => {
    cancelDrain?.()
    cancelDrain = null
    const left = current
    current = null
    return left
  }

  return {
    connect: () => {
      leave()?.close()
      let socket: WebSocket
      try {
        socket = new environment.WebSocket(url)
      } catch {
        queueMicrotask(() => events.closed(1006, 'the address cannot be connected to'))
        return
      }
      current = socket
      socket.binaryType = 'arraybuffer'
      socket.onopen = () => {
        if (current === socket) events.open()
      }
      socket.onmessage = ({ data }) => {
        if (current === socket && data instanceof ArrayBuffer) events.message(new Uint8Array(data))
      }
      socket.onclose = ({ code, reason }) => {
        if (current !== socket) return
        leave()
        events.closed(code, reason)
      }
      // What went wrong is told by `onclose`, and no more than that is known.
      socket.onerror = () => undefined
    },
    disconnect: (code, reason) => {
      // Browsers let a page say only 1000 and 3000 to 4999, and 123 bytes of reason.
      leave()?.close(code === 1000 || code >= 3000 ? code : 1000, reason.slice(0, 40))
    },
    pump: () => {
      if (scheduled) return
      scheduled = true
      queueMicrotask(() => {
        scheduled = false
        send()
      })
    },
  }
}
