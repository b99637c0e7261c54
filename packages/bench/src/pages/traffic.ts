export interface Traffic {
  /** Of the WebSocket's messages, both ways. */
  readonly bytes: number
  /** How often something was sent behind something that had come: 1 is all asked at once, and all answered at once. */
  readonly roundTrips: number
}

/** A WebSocket that counts. */
export function countedSocket(Base: typeof WebSocket = globalThis.WebSocket): {
  readonly socket: typeof WebSocket
  readonly traffic: () => Traffic
} {
  let bytes = 0
  let roundTrips = 0
  let heard = true
  class Counted extends Base {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols)
      this.addEventListener('message', ({ data }) => {
        bytes += (data as ArrayBuffer).byteLength
        heard = true
      })
    }
    override send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
      bytes += (data as ArrayBufferView).byteLength
      if (heard) roundTrips++
      heard = false
      super.send(data as never)
    }
  }
  return { socket: Counted, traffic: () => ({ bytes, roundTrips }) }
}
