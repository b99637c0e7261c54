import type { HttpRequest, Server } from './network.ts'
import type { Process, Schedule } from './schedule.ts'

/** One request that waits for its answer. */
export interface Exchange {
  cut(): void
}

export interface FetchOptions {
  readonly schedule: Schedule
  readonly process: Process
  readonly isOnline: () => boolean
  readonly find: (host: string) => Server | null
  readonly exchanges: Set<Exchange>
  /** Asked once per request: whether it arrives twice. */
  readonly isTwice: () => boolean
}

/** `fetch` over the same network. Whole bodies, no redirects. */
export function fakeFetch({ schedule, process, isOnline, find, exchanges, isTwice }: FetchOptions): typeof fetch {
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      if (!process.touch()) return
      // Not with its signal: Node would keep that, and all that hangs on it, for as long as the process lives.
      const request = new Request(input, { ...init, signal: null })
      const up = schedule.lane()
      const down = schedule.lane()
      const gone: (() => void)[] = []
      let isOver = false
      const end = (settle: () => void): void => {
        if (isOver) return
        isOver = true
        exchanges.delete(exchange)
        up.clear()
        down.push(process, settle)
        for (const run of gone.splice(0)) run()
      }
      const exchange: Exchange = { cut: () => end(() => reject(new TypeError('fetch failed'))) }
      exchanges.add(exchange)
      init.signal?.addEventListener('abort', () => end(() => reject(new DOMException('aborted', 'AbortError'))))
      const deliver = (body: Uint8Array): void => {
        const url = new URL(request.url)
        const server = isOnline() ? find(url.host) : null
        if (!server) {
          exchange.cut()
          return
        }
        server.process.onDeath(exchange.cut)
        schedule.enter(server.process)
        const asked: HttpRequest = {
          method: request.method,
          path: `${url.pathname}${url.search}`,
          headers: { ...Object.fromEntries(request.headers), host: url.host },
          body,
          onGone: (run) => gone.push(run),
        }
        server.request(asked, ({ status, headers, body: answer }) => {
          if (!server.process.touch()) return
          const isEmpty = status === 204 || status === 304 || request.method === 'HEAD'
          end(() => resolve(new Response(isEmpty ? null : answer.slice(), { status, headers })))
        })
      }
      const again = isTwice()
      void bodyOf(init.body).then((body) => {
        up.push(null, () => deliver(body))
        // Whoever asks is answered once, by whichever answer comes first.
        if (again) schedule.lane().push(null, () => deliver(body))
      })
    })
}

async function bodyOf(body: RequestInit['body']): Promise<Uint8Array> {
  if (body === undefined || body === null) return new Uint8Array()
  if (typeof body === 'string') return new TextEncoder().encode(body)
  if (body instanceof ArrayBuffer) return new Uint8Array(body.slice(0))
  if (ArrayBuffer.isView(body)) return new Uint8Array(body.buffer, body.byteOffset, body.byteLength).slice()
  if (body instanceof Blob) return new Uint8Array(await body.arrayBuffer())
  throw new TypeError('this body is not carried by the network of tests')
}
