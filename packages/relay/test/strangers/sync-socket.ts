import {
  type ClientFrame,
  decodeRelayFrame,
  encodeClientFrame,
  encodeStateVector,
  type HelloFrame,
  type RelayFrame,
} from '@holdfast/protocol'
import { rawClient } from '../helpers.ts'

type Kind = RelayFrame['kind']

/** A socket of `/sync` that sends frames as it is told, and keeps what comes. Version 1, so that frames are plain. */
export class SyncSocket {
  readonly socket: ReturnType<typeof rawClient>['socket']
  readonly closed: ReturnType<typeof rawClient>['closed']
  readonly frames: RelayFrame[] = []
  #taken = 0
  #looks: (() => void)[] = []

  private constructor(raw: ReturnType<typeof rawClient>) {
    this.socket = raw.socket
    this.closed = raw.closed
    raw.socket.on('message', (data: Buffer) => {
      const frame = decodeRelayFrame(new Uint8Array(data))
      if (frame.kind !== 'garbage') this.frames.push(frame)
      this.#look()
    })
    void raw.closed.then(() => this.#look())
  }

  static async open(port: number, space = 'default'): Promise<SyncSocket> {
    const raw = rawClient(`ws://127.0.0.1:${port}/sync/${space}`)
    const made = new SyncSocket(raw)
    await raw.opened
    return made
  }

  /** Opens a socket and is welcome. */
  static async hello(port: number, token: string, space = 'default'): Promise<SyncSocket> {
    const made = await SyncSocket.open(port, space)
    made.send(hello(token))
    await made.next('welcome')
    return made
  }

  async refusedHello(token: string): Promise<{ readonly code: number; readonly reason: string }> {
    this.send(hello(token))
    return this.closed
  }

  send(...frames: readonly ClientFrame[]): void {
    for (const frame of frames) this.socket.send(encodeClientFrame(frame))
  }

  /** The next frame of that kind that was not given before; fails when the connection ends first. */
  async next<K extends Kind>(kind: K): Promise<Extract<RelayFrame, { readonly kind: K }>> {
    for (;;) {
      const at = this.frames.findIndex((frame, i) => i >= this.#taken && frame.kind === kind)
      if (at !== -1) {
        this.#taken = at + 1
        return this.frames[at] as Extract<RelayFrame, { readonly kind: K }>
      }
      if (this.socket.readyState >= 2) throw new Error(`closed before ${kind}: ${JSON.stringify(await this.closed)}`)
      await new Promise<void>((resolve) => this.#looks.push(resolve))
    }
  }

  /** Everything that came until the answer to a ping that is sent now. */
  async settled(): Promise<readonly RelayFrame[]> {
    const from = this.#taken
    this.send({ kind: 'ping', id: 99 })
    await this.next('pong')
    return this.frames.slice(from).filter(({ kind }) => kind !== 'pong')
  }

  #look(): void {
    for (const look of this.#looks.splice(0)) look()
  }
}

export function hello(token: string, more: Partial<HelloFrame> = {}): HelloFrame {
  const { client = 'w' } = more
  return {
    kind: 'hello',
    minVersion: 1,
    maxVersion: 1,
    client,
    agent: 'test',
    token,
    incarnation: '',
    cursor: 0,
    ...more,
  }
}

export function openFrame(channel: number, document: string, mode: 'watch' | 'exchange' = 'watch'): ClientFrame {
  return { kind: 'open', channel, document, epoch: '', seq: 0, mode, stateVector: encodeStateVector(new Map()) }
}
