import { SyncClient, type SyncClientEffect, type SyncClientEvent } from '@holdfast/protocol'
import { ClientSocket, clientFrame } from './socket.ts'

/** One document over our own `/sync`, whose acknowledgements say what is on the relay's disk. */
export class SyncWriter {
  readonly #sync: SyncClient
  readonly #onAcked: (upTo: number) => void
  readonly #document: string
  readonly #ready = Promise.withResolvers<this>()
  #socket: ClientSocket | null = null
  #opening = 0
  readonly #port: number

  private constructor(port: number, document: string, onAcked: (upTo: number) => void) {
    this.#port = port
    this.#document = document
    this.#onAcked = onAcked
    this.#sync = new SyncClient({ client: `bench-${document}`, agent: 'bench' })
  }

  /** @param onAcked told how many of the updates sent have been acknowledged */
  static open(port: number, token: string, document: string, onAcked: (upTo: number) => void): Promise<SyncWriter> {
    const writer = new SyncWriter(port, document, onAcked)
    writer.#handle({ kind: 'start', token, incarnation: '', cursor: 0 })
    return writer.#ready.promise
  }

  send(update: Uint8Array): void {
    this.#handle({ kind: 'channel', opening: this.#opening, event: { kind: 'update', update } })
  }

  #handle(event: SyncClientEvent): void {
    for (const effect of this.#sync.handle(event, 0.5)) this.#do(effect)
    const socket = this.#socket
    if (socket === null || !socket.isOpen) return
    for (let frames = this.#sync.next(65_536); frames.length > 0; frames = this.#sync.next(65_536)) {
      for (const frame of frames) socket.send(clientFrame(frame))
    }
  }

  #do(effect: SyncClientEffect): void {
    if (effect.kind === 'connect') this.#connect()
    else if (effect.kind === 'welcomed') this.#open()
    else if (effect.kind === 'channel') this.#hear(effect.effect)
    else if (effect.kind === 'lost') this.#ready.reject(new Error('the connection to /sync was lost'))
  }

  #open(): void {
    const opening = this.#sync.open({
      document: this.#document,
      epoch: '',
      seq: 0,
      mode: 'watch',
      stateVector: Uint8Array.of(0),
    })
    if (opening === null) throw new Error('no channel is free')
    this.#opening = opening
  }

  #hear(effect: Extract<SyncClientEffect, { kind: 'channel' }>['effect']): void {
    if (effect.kind === 'level') this.#ready.resolve(this)
    else if (effect.kind === 'acked') {
      if (effect.refused.length > 0) throw new Error('the relay refused an update')
      this.#onAcked(effect.upTo)
    }
  }

  #connect(): void {
    this.#socket = new ClientSocket(this.#port, '/sync/default', {
      opened: () => this.#handle({ kind: 'socket-open' }),
      message: (bytes) => this.#handle({ kind: 'bytes', bytes: bytes.slice(), now: performance.now() }),
      closed: (code) => this.#handle({ kind: 'socket-closed', code: code ?? 1006, reason: '' }),
    })
  }
}
