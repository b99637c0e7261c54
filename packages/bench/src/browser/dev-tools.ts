import { once } from 'node:events'
import { WebSocket } from 'ws'

interface Waiter {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
}

interface Message {
  /** Of an answer. */
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly message: string }
  /** Of an event. */
  readonly method?: string
  readonly params?: unknown
}

/** One target's end of the Chrome DevTools Protocol (https://chromedevtools.github.io/devtools-protocol/): requests, and the events that they bring. */
export class DevTools {
  private readonly socket: WebSocket
  private readonly waiters = new Map<number, Waiter>()
  private readonly listeners = new Map<string, ((params: unknown) => void)[]>()
  private asked = 0

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => this.receive(JSON.parse(String(data)) as Message))
    socket.on('close', () => {
      for (const { reject } of this.waiters.values()) reject(new Error('the page has gone'))
      this.waiters.clear()
    })
  }

  static async connect(url: string): Promise<DevTools> {
    const socket = new WebSocket(url, { perMessageDeflate: false })
    await once(socket, 'open')
    return new DevTools(socket)
  }

  ask(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<unknown> {
    this.asked += 1
    const id = this.asked
    return new Promise((resolve, reject) => {
      this.waiters.set(id, { resolve, reject })
      this.socket.send(JSON.stringify({ id, method, params }))
    })
  }

  on(method: string, listener: (params: unknown) => void): void {
    this.listeners.set(method, [...(this.listeners.get(method) ?? []), listener])
  }

  close(): void {
    this.socket.close()
  }

  private receive({ id, result, error, method, params }: Message): void {
    for (const listener of this.listeners.get(method ?? '') ?? []) listener(params)
    const waiter = id === undefined ? undefined : this.waiters.get(id)
    if (id === undefined || waiter === undefined) return
    this.waiters.delete(id)
    if (error === undefined) waiter.resolve(result)
    else waiter.reject(new Error(error.message))
  }
}
