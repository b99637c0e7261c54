import {
  isFinalClose,
  type LeasedFrame,
  refusalName,
  SYNC_VERSIONS,
  SyncClient,
  type SyncClientEffect,
  type VersionRange,
} from '@holdfast/protocol'
import type { Environment } from '../../environment.ts'
import { randomName } from '../../ids.ts'
import { createListeners, createSignal } from '../../signal.ts'
import type { Reason, RelayAddress } from '../../types.ts'
import { baseOf } from '../gate.ts'
import { type ConnectionState, OfflineError } from '../port.ts'
import type { ChannelEffect, SpaceConnection, SpaceEvents, SyncChannel } from './port.ts'
import { RefusedError } from './port.ts'
import { probe } from './probe.ts'
import { closeReason } from './refusals.ts'
import { createSocket } from './socket.ts'

const AGENT = 'holdfast-store/0.1'
/** Bounds of the first and the longest wait before connecting again, in milliseconds. */
const BACKOFF = { first: 250, longest: 10_000 }
/** A transfer that got no piece for this long, in milliseconds, never will. */
const TRANSFER_MS = 30_000
const UNREACHABLE: Reason = { code: 'UNREACHABLE', message: 'the relay cannot be reached' }

interface Waiter {
  /** The channel on which it was asked, if it was. */
  readonly opening?: number
  readonly done: (leased: LeasedFrame | null) => void
  readonly fail: (error: Error) => void
}

/** The relay of a space over one `/sync` socket. The protocol's machine decides; this has the socket, the timers and the callers. */
export function spaceConnection(
  space: string,
  address: RelayAddress,
  environment: Pick<Environment, 'clock' | 'random' | 'fetch' | 'WebSocket'>,
  versions: VersionRange = SYNC_VERSIONS,
): SpaceConnection {
  const { clock, random } = environment
  const state = createSignal<ConnectionState>({ kind: 'connecting' }, sameState)
  const self = randomName(random)
  const client = new SyncClient({ client: self, agent: AGENT, versions, backoff: BACKOFF })
  const rooms = createListeners()
  const channels = new Map<number, (effect: ChannelEffect) => void>()
  const waiters = new Map<number, Waiter>()
  const timers = new Map<string, () => void>()
  /** Names of this history, and up to which reach each is part of it. */
  const names = new Map<string, number>()
  const queue: SyncClientEffect[] = []
  let events: SpaceEvents | null = null
  let token = address.token
  let incarnation = ''
  let applying = false
  let closed = false

  const handle = (event: Parameters<SyncClient['handle']>[0]): void => {
    if (closed) return
    queue.push(...client.handle(event, random.next()))
    socket.pump()
    // What an effect causes is done behind what was caused before it.
    if (applying) return
    applying = true
    try {
      for (let effect = queue.shift(); effect; effect = queue.shift()) apply(effect)
    } finally {
      applying = false
    }
    socket.pump()
  }

  const url = `${baseOf(address).replace(/^http/, 'ws')}/sync/${encodeURIComponent(space)}`
  const socket = createSocket(url, environment, (budget) => client.next(budget), {
    open: () => handle({ kind: 'socket-open', reach: events?.reach() ?? 0 }),
    message: (bytes) => handle({ kind: 'bytes', bytes, now: clock.now() }),
    closed: (code, reason) => {
      const never = client.state.kind === 'connecting'
      handle({ kind: 'socket-closed', code, reason })
      if (never) void askWhy()
    },
  })

  /** Browsers do not tell why an upgrade failed: an ordinary request does. */
  const askWhy = async (): Promise<void> => {
    const answer = await probe(space, address, environment)
    if (closed || client.state.kind === 'open' || client.state.kind === 'greeting') return
    if (answer.kind === 'unsupported') events?.unsupported()
    else if (answer.kind === 'offline') state.set(answer)
  }

  const lose = (): void => {
    for (const { fail } of waiters.values()) fail(new OfflineError('the connection broke'))
    waiters.clear()
  }

  /** Said only when it is known whether the history is another: nobody may take old marks for true meanwhile. */
  const welcome = (role: string): void => {
    state.set({ kind: 'connected', mayWrite: role !== 'read' })
    rooms.tell()
  }

  const apply = (effect: SyncClientEffect): void => {
    switch (effect.kind) {
      case 'connect':
        socket.connect()
        return
      case 'disconnect':
        socket.disconnect(effect.code, effect.reason)
        return
      case 'set-timer':
        timers.get(effect.timer)?.()
        timers.set(
          effect.timer,
          clock.after(effect.ms, () => onTimer(effect.timer)),
        )
        return
      case 'clear-timer':
        timers.get(effect.timer)?.()
        timers.delete(effect.timer)
        return
      case 'greeted':
        rooms.tell()
        return
      case 'welcomed':
        // Told next, in the same breath: what goes by the old names is void already.
        if (queue[0]?.kind === 'history') names.clear()
        if (effect.incarnation !== incarnation) {
          for (const [name, until] of names) names.set(name, Math.min(until, effect.until))
        }
        incarnation = effect.incarnation
        names.set(incarnation, Number.POSITIVE_INFINITY)
        events?.welcomed(incarnation)
        if (queue[0]?.kind !== 'history') welcome(effect.role)
        return
      case 'history':
        names.clear()
        names.set(effect.incarnation, Number.POSITIVE_INFINITY)
        events?.history(effect.incarnation)
        if (client.state.kind === 'open') welcome(client.state.role)
        return
      case 'feed':
        events?.feed(effect.entries, effect.upTo, effect.head)
        return
      case 'renewed':
        state.set({ kind: 'connected', mayWrite: effect.role !== 'read' })
        return
      case 'token-wanted':
        void address.renew?.().then(renew, () => null)
        return
      case 'answered':
        settle(effect.request, effect.answer)
        return
      case 'lost':
        lose()
        if (!isFinalClose(effect.code)) state.set({ kind: 'offline', reason: closeReason(effect.code, effect.reason) })
        return
      case 'refused':
        state.set({ kind: 'refused', reason: closeReason(effect.code, effect.reason) })
        return
      case 'channel':
        tell(effect.opening, effect.effect)
    }
  }
  const onTimer = (timer: Parameters<typeof timers.get>[0]): void => {
    timers.delete(timer)
    const oldest = client.oldestTransfer
    if (oldest !== null && clock.now() - oldest > TRANSFER_MS) handle({ kind: 'stalled' })
    handle({ kind: 'timer', timer: timer as Extract<SyncClientEffect, { kind: 'set-timer' }>['timer'] })
  }

  const settle = (request: number, answer: Extract<SyncClientEffect, { kind: 'answered' }>['answer']): void => {
    const waiter = waiters.get(request)
    waiters.delete(request)
    if (answer.kind === 'done') waiter?.done(null)
    else waiter?.fail(new RefusedError(refusalName(answer.code), answer.code, answer.text))
  }

  const tell = (opening: number, effect: ChannelEffect): void => {
    const listener = channels.get(opening)
    const over = effect.kind === 'refused' || effect.kind === 'closed' || effect.kind === 'lost'
    if (over) channels.delete(opening)
    if (effect.kind === 'leased' && effect.leased.request > 0) {
      const waiter = waiters.get(effect.leased.request)
      waiters.delete(effect.leased.request)
      waiter?.done(effect.leased)
    }
    if (over) {
      // Nobody answers on a channel that is closed.
      for (const [request, waiter] of waiters) {
        if (waiter.opening !== opening) continue
        waiters.delete(request)
        waiter.fail(new OfflineError('the conversation was closed'))
      }
    }
    listener?.(effect)
    if (over && effect.kind !== 'lost') rooms.tell()
  }

  const wait = (request: number | 'not-connected' | 'too-large', opening?: number): Promise<LeasedFrame | null> => {
    if (request === 'not-connected') return Promise.reject(new OfflineError('not connected'))
    if (request === 'too-large') return Promise.reject(new RefusedError('TOO_LARGE', 413, 'over the relay’s limit'))
    socket.pump()
    return new Promise((done, fail) =>
      waiters.set(request, { done, fail, ...(opening === undefined ? {} : { opening }) }),
    )
  }

  const renew = (next: string): void => {
    token = next
    handle({ kind: 'token', token })
  }

  const channelOf = (opening: number): SyncChannel => {
    const ask = (event: Extract<Parameters<SyncClient['handle']>[0], { kind: 'channel' }>['event']): void =>
      handle({ kind: 'channel', opening, event })
    const isOpen = (): boolean => client.opening(opening)?.kind === 'open'
    return {
      update: (update) => ask({ kind: 'update', update }),
      offer: (update) => ask({ kind: 'offer', update }),
      answer: (update) => ask({ kind: 'resync-answer', update }),
      awareness: (awareness) => ask({ kind: 'awareness', awareness }),
      lease: async (key, operation, ttl, fencing) => {
        if (!isOpen()) throw new OfflineError('not connected')
        const request = client.nextRequest()
        const answer = wait(request, opening)
        ask({ kind: 'lease', request, key, operation, ttl, fencing })
        const leased = await answer
        if (!leased) throw new OfflineError('the relay answered something else')
        return leased
      },
      stop: async (key) => {
        if (!isOpen()) throw new OfflineError('not connected')
        const request = client.nextRequest()
        const answer = wait(request, opening)
        ask({ kind: 'stop', request, key })
        await answer
      },
      close: () => ask({ kind: 'close' }),
    }
  }

  return {
    kind: 'sync',
    client: self,
    state,
    start: (memory, told) => {
      events = told
      incarnation = memory.incarnation
      if (incarnation !== '') names.set(incarnation, Number.POSITIVE_INFINITY)
      handle({ kind: 'start', token, ...memory })
    },
    incarnation: () => incarnation,
    told: () => ({ incarnation, reach: client.reach }),
    follows: (name, reach) => (names.get(name) ?? -1) >= reach,
    past: () => Array.from(names, ([name, until]) => ({ incarnation: name, until })),
    version: () => client.version,
    open: (wish, on) => {
      if (closed) return null
      // A history may have been heard of and not been written down before the next one: what is marked is of neither.
      const isVoid = events?.isVoid() ?? false
      const opening = client.open(isVoid ? { ...wish, seq: 0 } : wish)
      if (opening === null) return null
      channels.set(opening, (effect) => on(isVoid && effect.kind === 'opened' ? { ...effect, trusted: false } : effect))
      socket.pump()
      return channelOf(opening)
    },
    onRoom: rooms.add,
    summary: async (document, epoch, summary) => {
      await wait(client.summary(document, epoch, summary))
    },
    purge: async (document, epoch) => {
      await wait(client.purge(document, epoch))
    },
    renew,
    startOver: () => {
      incarnation = ''
      names.clear()
      state.set({ kind: 'connecting' })
      handle({ kind: 'start', token, incarnation, cursor: 0 })
    },
    token: () => token,
    retry: () => {
      if (client.state.kind === 'refused') handle({ kind: 'token', token })
      else handle({ kind: 'wake' })
    },
    close: () => {
      if (closed) return
      handle({ kind: 'stop' })
      closed = true
      for (const cancel of timers.values()) cancel()
      lose()
      state.set({ kind: 'offline', reason: UNREACHABLE })
    },
  }
}

function sameState(a: ConnectionState, b: ConnectionState): boolean {
  const reason = (each: ConnectionState): string => ('reason' in each ? each.reason.code : '')
  const role = (each: ConnectionState): boolean => each.kind === 'connected' && each.mayWrite
  return a.kind === b.kind && reason(a) === reason(b) && role(a) === role(b)
}
