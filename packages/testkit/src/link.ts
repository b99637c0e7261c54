import type { NetworkTally, Server } from './network.ts'
import type { Random } from './random.ts'
import type { Process, Schedule } from './schedule.ts'

/** The server's end of a connection, as `ws` would give it. */
export interface ServerWire {
  send(bytes: Uint8Array, last: boolean): void
  sendAll(messages: readonly Uint8Array[]): void
  readonly waiting: number
  readonly isFull: boolean
  close(code: number, reason: string): void
  terminate(): void
  ping(mark?: number): void
  pause(): void
  resume(): void
}

export interface ServerListener {
  message(bytes: Uint8Array): void
  textMessage(): void
  pong(mark?: number): void
  drained(): void
  closed(code: number): void
}

/** The client's end: what is told to its WebSocket. */
export interface ClientEnd {
  opened(): void
  message(bytes: Uint8Array): void
  closed(code: number, reason: string, wasClean: boolean): void
}

export interface Link {
  send(data: Uint8Array | string): void
  close(code: number, reason: string): void
  /** Bytes sent by the client and not delivered. */
  readonly buffered: number
  /** Nothing is carried any more, whether or not the client knows. */
  readonly isCut: boolean
  /** Both directions lose what is under way from some message on, and nothing comes after. Those not told are left to find out. */
  cut(random: Random, how?: { readonly serverIsTold?: boolean; readonly clientIsTold?: boolean }): void
  /** The client's process has died: what it sent may still arrive, and its machine says that it has gone. */
  abandon(): void
  onOver(run: () => void): void
}

export interface LinkOptions {
  readonly schedule: Schedule
  readonly process: Process
  readonly client: ClientEnd
  readonly url: URL
  readonly server: () => Server | null
  readonly tally: NetworkTally
}

const ABNORMAL = 1006
/** As much as a socket's buffers take before `isFull`, in bytes. */
const HIGH_WATER = 64 * 1024

/** One connection, from the client's wish for it to its end. */
export function openLink({ schedule, process, client, url, server: find, tally }: LinkOptions): Link {
  let isPaused = false
  const up = schedule.gatedLane(() => !isPaused)
  const down = schedule.lane()
  const told = schedule.lane()
  let server: Process | null = null
  let listener: ServerListener | null = null
  /** Set when nothing is carried in either direction any more. */
  let isCut = false
  let isOver = false
  let clientHears = true
  let serverHasClosed = false
  let waiting = 0
  let buffered = 0
  let wasFull = false
  let parts: Uint8Array[] = []
  const whenOver: (() => void)[] = []

  const over = (): void => {
    if (isOver) return
    isOver = true
    for (const run of whenOver.splice(0)) run()
  }

  const tellServer = (code: number): void => {
    const mine = listener
    listener = null
    if (mine) told.push(server, () => mine.closed(code))
  }
  const tellClient = (code: number, reason: string, wasClean: boolean): void => {
    down.push(process, () => {
      client.closed(code, reason, wasClean)
      over()
    })
  }

  const carryDown = (bytes: Uint8Array): void => {
    waiting += bytes.length
    if (waiting >= HIGH_WATER) wasFull = true
    down.push(process, () => {
      waiting -= bytes.length
      if (wasFull && waiting < HIGH_WATER) {
        wasFull = false
        told.push(server, () => listener?.drained())
      }
      client.message(bytes)
    })
  }

  const wire: ServerWire = {
    send: (bytes, last) => {
      if (!server?.touch() || serverHasClosed) return
      parts.push(bytes.slice())
      if (!last) return
      const whole = parts.length === 1 ? parts[0]! : join(parts)
      parts = []
      if (!isCut) carryDown(whole)
    },
    sendAll: (messages) => {
      for (const message of messages) wire.send(message, true)
    },
    get waiting() {
      return waiting
    },
    get isFull() {
      return wasFull
    },
    close: (code, reason) => {
      if (!server?.touch() || serverHasClosed) return
      serverHasClosed = true
      if (!isCut) tellClient(code, reason, true)
      tellServer(code)
    },
    terminate: () => {
      if (serverHasClosed) return
      serverHasClosed = true
      if (!isCut) tellClient(ABNORMAL, '', false)
      tellServer(ABNORMAL)
    },
    ping: (mark) => {
      if (isCut || serverHasClosed) return
      down.push(process, () => {
        if (!isCut) up.push(server, () => listener?.pong(mark))
      })
    },
    pause: () => {
      isPaused = true
    },
    resume: () => {
      isPaused = false
    },
  }

  const refuse = (): void => tellClient(ABNORMAL, '', false)

  up.push(null, () => {
    const found = find()
    if (!found) {
      refuse()
      return
    }
    schedule.enter(found.process)
    server = found.process
    server.onDeath(() => {
      listener = null
      if (!isCut) {
        tally.broken++
        tally.dropped += up.clear()
      }
      isCut = true
      if (!isOver && clientHears) tellClient(ABNORMAL, '', false)
    })
    found.upgrade({
      path: `${url.pathname}${url.search}`,
      headers: { host: url.host },
      accept: (attach) => {
        listener = attach(wire)
        if (!isCut) down.push(process, () => client.opened())
      },
      refuse: () => {
        if (!isCut) refuse()
      },
    })
  })

  const hangUp = (): void => {
    if (listener) tellServer(ABNORMAL)
  }

  return {
    send: (data) => {
      if (!process.touch() || isCut) return
      const bytes = typeof data === 'string' ? null : data
      buffered += bytes?.length ?? 0
      up.push(server, () => {
        buffered -= bytes?.length ?? 0
        if (serverHasClosed) return
        if (bytes) listener?.message(bytes)
        else listener?.textMessage()
      })
    },
    close: (code, reason) => {
      if (!process.touch()) return
      if (isCut) {
        tellClient(ABNORMAL, '', false)
        return
      }
      isCut = true
      down.clear()
      waiting = 0
      up.push(server, () => {
        tellServer(code)
        tellClient(code, reason, true)
      })
    },
    get buffered() {
      return buffered
    },
    get isCut() {
      return isCut
    },
    cut: (random, { serverIsTold = true, clientIsTold = true } = {}) => {
      if (isCut) return
      isCut = true
      isPaused = false
      clientHears = clientIsTold
      tally.broken++
      tally.dropped += up.clear(random.int(up.length + 1)) + down.clear(random.int(down.length + 1))
      if (serverIsTold) up.push(server, hangUp)
      if (clientIsTold) tellClient(ABNORMAL, '', false)
    },
    abandon: () => {
      if (isCut) return
      isCut = true
      tally.broken++
      isPaused = false
      up.push(server, hangUp)
      over()
    },
    onOver: (run) => whenOver.push(run),
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
