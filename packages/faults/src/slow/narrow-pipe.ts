import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** How much of what the relay sends goes through. */
export type Flow = 'all' | 'little' | 'nothing'

/** A way to the relay on which what comes from it can be held back: nobody reads it from the relay's socket then. */
export interface NarrowPipe {
  readonly url: string
  /** The relay's own: it turns away whoever asks for another. */
  readonly host: string
  flow: Flow
  close(): Promise<void>
}

const LITTLE_BYTES = 64 * 1024
const LITTLE_EVERY_MS = 50

export async function narrowPipe(relay: string): Promise<NarrowPipe> {
  const port = Number(new URL(relay).port)
  const sockets = new Set<Socket>()
  const upstreams = new Set<() => void>()
  let flow: Flow = 'all'
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    const move = (most?: number): void => {
      // Not flowing: what is not taken here stays in the relay's socket.
      const chunk: Buffer | null = most === undefined ? upstream.read() : (upstream.read(most) ?? upstream.read())
      if (chunk !== null) client.write(chunk)
    }
    const moveAll = (): void => {
      if (flow === 'all') move()
    }
    upstream.on('readable', moveAll)
    const trickle = setInterval(() => {
      if (flow === 'little') move(LITTLE_BYTES)
    }, LITTLE_EVERY_MS)
    upstreams.add(moveAll)
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        sockets.delete(one)
        clearInterval(trickle)
        upstreams.delete(moveAll)
        other.destroy()
      })
    }
    client.pipe(upstream)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    host: new URL(relay).host,
    get flow() {
      return flow
    },
    set flow(next) {
      flow = next
      for (const moveAll of upstreams) moveAll()
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
