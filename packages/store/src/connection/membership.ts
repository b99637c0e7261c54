import { CLOSE, encodeStep1, isFinalClose } from '@holdfast/protocol'
import type { Awareness } from 'y-protocols/awareness'
import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import { createBackoff } from '../backoff.ts'
import type { Chance, Clock, Environment } from '../environment.ts'
import { createSignal } from '../signal.ts'
import type { Reason } from '../types.ts'
import type { Gate } from './gate.ts'
import { type Membership, type MembershipState, OfflineError } from './port.ts'
import { closeReason } from './sync/refusals.ts'

const RETRY = { base: 250, cap: 5_000 }
const MESSAGE_SYNC = 0
const STEP_1 = 0
const STEP_2 = 1

export interface JoinOptions {
  readonly serverUrl: string
  readonly id: string
  readonly doc: Y.Doc
  readonly awareness: Awareness
  readonly token: string
  readonly gate: Gate
  readonly WebSocket: Environment['WebSocket']
  readonly clock: Clock
  readonly random: Chance
}

const REASONS: Record<number, Reason> = {
  [CLOSE.BAD_FRAME]: { code: 'BAD_FRAME', message: 'the relay could not read what this program sent' },
  [CLOSE.TOKEN_EXPIRED]: { code: 'TOKEN_REFUSED', message: 'the token has expired; ask for another' },
  [CLOSE.FORBIDDEN]: { code: 'FORBIDDEN', message: 'the token does not reach this conversation' },
  [CLOSE.PURGED]: { code: 'PURGED', message: 'this conversation was deleted for good' },
  [CLOSE.TOO_BIG]: { code: 'TOO_BIG', message: 'a message is larger than the relay takes' },
}

/** Joins one document through a stock provider, which connects only while the gate is open. */
export function joinDocument(options: JoinOptions): Membership {
  const { gate, doc } = options
  const state = createSignal<MembershipState>({ kind: 'offline' }, sameKind)
  const backoff = createBackoff(options.clock, options.random, RETRY)
  const provider = new WebsocketProvider(options.serverUrl, encodeURIComponent(options.id), doc, {
    connect: false,
    disableBc: true,
    awareness: options.awareness,
    params: { token: options.token },
    WebSocketPolyfill: options.WebSocket,
  })
  const fences = createFences()
  let left = false

  const connect = (): void => {
    if (left || gate.state.get().kind !== 'connected' || state.get().kind === 'refused') return
    if (provider.shouldConnect) return
    state.set({ kind: 'joining' })
    provider.connect()
  }

  const disconnect = (): void => {
    provider.disconnect()
    if (state.get().kind !== 'refused') state.set({ kind: 'offline' })
  }

  const sync = provider.messageHandlers[MESSAGE_SYNC]!
  provider.messageHandlers[MESSAGE_SYNC] = (encoder, decoder, from, emitSynced, type) => {
    const kind = decoder.arr[decoder.pos]
    sync(encoder, decoder, from, emitSynced, type)
    if (kind === STEP_1) {
      // The provider sends the answer when this returns; what is asked for after that comes after it on the socket.
      queueMicrotask(fences.answered)
    } else if (kind === STEP_2) {
      backoff.reset()
      state.set({ kind: 'joined' })
      fences.passed()
    }
  }
  fences.onAsk = () => {
    const socket = provider.ws
    if (socket?.readyState === socket?.OPEN)
      socket?.send(encodeStep1(Y.encodeStateVector(doc)) as Uint8Array<ArrayBuffer>)
  }

  provider.on('connection-close', (event) => {
    fences.broken()
    // Its own retries have no jitter and know nothing of the other documents; ours do.
    provider.shouldConnect = false
    if (left) return
    if (event && isFinalClose(event.code)) {
      const reason = REASONS[event.code] ?? {
        code: `CLOSED_${event.code}`,
        message: event.reason || 'the relay refused',
      }
      state.set({ kind: 'refused', reason })
      // A token that has expired for one document has for all.
      if (event.code === CLOSE.TOKEN_EXPIRED) gate.doubt()
      return
    }
    // Below are those of RFC 6455: somebody went, or nobody said why.
    const isTold = event !== null && event.code >= 4500
    state.set({ kind: 'offline', ...(isTold ? { reason: closeReason(event.code, event.reason) } : {}) })
    gate.doubt()
    backoff.schedule(connect)
  })

  const unsubscribe = gate.state.subscribe(() => {
    if (gate.state.get().kind === 'connected') connect()
    else disconnect()
  })
  connect()

  return {
    state,
    origin: provider,
    fence: fences.ask,
    leave: () => {
      if (left) return
      left = true
      unsubscribe()
      backoff.cancel()
      fences.broken()
      provider.destroy()
    },
  }
}

interface Fences {
  /** The relay asked us (step 1) and was answered. */
  answered(): void
  /** The relay answered the oldest of our questions (step 2). */
  passed(): void
  broken(): void
  ask(): Promise<void>
  onAsk: () => void
}

/**
 * A fence is one more sync step 1: the relay answers it only after all that this connection sent before is durable.
 * Answers come in the order of the questions, of which the provider's own, at connecting, is the first. It is a fence
 * only once we have answered the relay's own question too, for that answer carries what was written offline.
 */
function createFences(): Fences {
  type Waiter = { readonly resolve: () => void; readonly reject: (error: OfflineError) => void }
  let asked: (Waiter | null)[] = [null]
  let waiting: Waiter[] = []
  let hasAnswered = false
  let joined = false
  const advance = (): void => {
    if (!hasAnswered || !joined || waiting.length === 0) return
    // One question for all who wait: each of them came before it.
    const group = waiting
    waiting = []
    asked.push({
      resolve: () => {
        for (const waiter of group) waiter.resolve()
      },
      reject: (error) => {
        for (const waiter of group) waiter.reject(error)
      },
    })
    fences.onAsk()
  }
  const fences: Fences = {
    onAsk: () => undefined,
    answered: () => {
      hasAnswered = true
      advance()
    },
    passed: () => {
      joined = true
      asked.shift()?.resolve()
      advance()
    },
    broken: () => {
      const lost = [...asked, ...waiting]
      asked = [null]
      waiting = []
      hasAnswered = false
      joined = false
      for (const waiter of lost) waiter?.reject(new OfflineError('the connection broke'))
    },
    ask: () =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
        advance()
      }),
  }
  return fences
}

function sameKind(a: MembershipState, b: MembershipState): boolean {
  return a.kind === b.kind && a.kind !== 'refused'
}
