import type { ClientEnd, Link } from './link.ts'
import type { Process } from './schedule.ts'

const CONNECTING = 0
const OPEN = 1
const CLOSING = 2
const CLOSED = 3

/** A WebSocket class whose connections are made by `open`. As much of the standard as clients use. */
export function fakeWebSocket(process: Process, open: (client: ClientEnd, url: URL) => Link): typeof WebSocket {
  class FakeWebSocket extends EventTarget {
    static readonly CONNECTING = CONNECTING
    static readonly OPEN = OPEN
    static readonly CLOSING = CLOSING
    static readonly CLOSED = CLOSED
    readonly CONNECTING = CONNECTING
    readonly OPEN = OPEN
    readonly CLOSING = CLOSING
    readonly CLOSED = CLOSED
    readonly url: string
    readonly protocol = ''
    readonly extensions = ''
    binaryType: BinaryType = 'blob'
    readyState: number = CONNECTING
    onopen: ((event: Event) => void) | null = null
    onmessage: ((event: MessageEvent) => void) | null = null
    onerror: ((event: Event) => void) | null = null
    onclose: ((event: CloseEvent) => void) | null = null
    readonly #link: Link

    constructor(url: string | URL) {
      super()
      const parsed = new URL(url)
      this.url = parsed.href
      this.#link = open(
        {
          opened: () => {
            if (this.readyState !== CONNECTING) return
            this.readyState = OPEN
            this.#tell('onopen', new Event('open'))
          },
          message: (bytes) => {
            if (this.readyState !== OPEN) return
            this.#tell('onmessage', new MessageEvent('message', { data: bytes.slice().buffer }))
          },
          closed: (code, reason, wasClean) => {
            if (this.readyState === CLOSED) return
            this.readyState = CLOSED
            if (!wasClean) this.#tell('onerror', new Event('error'))
            const event = Object.assign(new Event('close'), { code, reason, wasClean })
            this.#tell('onclose', event)
          },
        },
        parsed,
      )
    }

    get bufferedAmount(): number {
      return this.#link.buffered
    }

    send(data: string | ArrayBuffer | ArrayBufferView): void {
      if (this.readyState === CONNECTING) throw new DOMException('still connecting', 'InvalidStateError')
      if (this.readyState === OPEN) this.#link.send(typeof data === 'string' ? data : copy(data))
    }

    close(code = 1005, reason = ''): void {
      if (this.readyState >= CLOSING) return
      this.readyState = CLOSING
      this.#link.close(code, reason)
    }

    #tell(handler: 'onopen' | 'onmessage' | 'onerror' | 'onclose', event: Event): void {
      if (!process.isAlive) return
      const listener = this[handler] as ((event: Event) => void) | null
      listener?.call(this, event)
      this.dispatchEvent(event)
    }
  }
  return FakeWebSocket as unknown as typeof WebSocket
}

function copy(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (data instanceof ArrayBuffer) return new Uint8Array(data.slice(0))
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
}
