import { decodeStockFrame } from '@holdfast/protocol'
import type { Process, ServerWire, UpgradeRequest } from '@holdfast/testkit'

/**
 * The same; when it is a stock client's, each update on the connection is told of when it has left the relay: whether it arrives, the relay cannot know.
 */
export function watchedUpgrade(
  request: UpgradeRequest,
  process: Process,
  onShown: (document: string, update: Uint8Array) => void,
): UpgradeRequest {
  const [path = ''] = request.path.split('?')
  const [, root, , document = ''] = path.split('/')
  if (root !== 'yjs') return request
  return {
    path: request.path,
    headers: request.headers,
    accept: (attach) =>
      request.accept((wire) => attach(watchedWire(wire, process, (update) => onShown(document, update)))),
    refuse: () => request.refuse(),
  }
}

function watchedWire(wire: ServerWire, process: Process, onShown: (update: Uint8Array) => void): ServerWire {
  let parts: Uint8Array[] = []
  const send = (bytes: Uint8Array, last: boolean): void => {
    wire.send(bytes, last)
    parts.push(bytes)
    if (!last) return
    const frame = decodeStockFrame(Buffer.concat(parts))
    parts = []
    // It may have died of this very message, which then has not left.
    if (process.isAlive && (frame.kind === 'step2' || frame.kind === 'update')) onShown(frame.update)
  }
  return {
    send,
    sendAll: (messages) => {
      for (const message of messages) send(message, true)
    },
    get waiting() {
      return wire.waiting
    },
    get isFull() {
      return wire.isFull
    },
    close: (code, reason) => wire.close(code, reason),
    terminate: () => wire.terminate(),
    ping: (mark) => wire.ping(mark),
    pause: () => wire.pause(),
    resume: () => wire.resume(),
  }
}
