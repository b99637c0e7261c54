import { createBackoff } from '../backoff.ts'
import type { Chance, Clock, Environment } from '../environment.ts'
import { createSignal, type Signal } from '../signal.ts'
import type { Reason, RelayAddress } from '../types.ts'
import type { ConnectionState } from './port.ts'

const RETRY = { base: 250, cap: 5_000 }
/** A relay that does not even answer this small question in this time is as good as away. */
const ANSWER_TIMEOUT_MS = 10_000

/**
 * Asks the relay once for the whole space whether it is there and lets us in, before any document connects: browsers
 * do not tell a socket that was refused with 401 from one that met nobody, and a hundred sockets that each retry by
 * themselves are a flood.
 */
export interface Gate {
  readonly state: Signal<ConnectionState>
  /** Somebody's connection broke. The relay is asked whether it is still there; others stay meanwhile. */
  doubt(): void
  retry(): void
  close(): void
}

const REFUSALS: Record<number, Reason> = {
  401: { code: 'TOKEN_REFUSED', message: 'the relay does not accept the token; ask for another' },
  403: { code: 'FORBIDDEN', message: 'the token does not reach this space' },
  404: { code: 'UNKNOWN_SPACE', message: 'the relay has no such space' },
}

export function createGate(
  space: string,
  address: RelayAddress,
  environment: { clock: Clock; random: Chance; fetch: Environment['fetch'] },
): Gate {
  const { clock, random } = environment
  const state = createSignal<ConnectionState>({ kind: 'connecting' }, sameState)
  const backoff = createBackoff(clock, random, RETRY)
  let asking = false
  let closed = false

  const ask = async (): Promise<void> => {
    if (asking || closed) return
    asking = true
    const result = await askAccess(space, address, environment)
    asking = false
    if (closed) return
    switch (result.kind) {
      case 'connected':
        backoff.reset()
        break
      case 'offline':
        backoff.schedule(() => void ask())
        break
      default:
        break
    }
    state.set(result)
  }

  void ask()
  return {
    state,
    doubt: () => {
      if (state.get().kind === 'connected') void ask()
    },
    retry: () => {
      if (state.get().kind === 'connected') return
      backoff.reset()
      backoff.cancel()
      void ask()
    },
    close: () => {
      closed = true
      backoff.cancel()
    },
  }
}

async function askAccess(
  space: string,
  address: RelayAddress,
  { clock, fetch }: { clock: Clock; fetch: Environment['fetch'] },
): Promise<ConnectionState> {
  const abort = new AbortController()
  const cancel = clock.after(ANSWER_TIMEOUT_MS, () => abort.abort())
  try {
    const response = await fetch(`${baseOf(address)}/access/${encodeURIComponent(space)}`, {
      headers: { authorization: `Bearer ${address.token}` },
      signal: abort.signal,
      cache: 'no-store',
    })
    if (response.ok) return { kind: 'connected', mayWrite: readRole(await response.json()) !== 'read' }
    const refusal = REFUSALS[response.status]
    if (refusal) return { kind: 'refused', reason: refusal }
    return { kind: 'offline', reason: { code: 'RELAY_FAILED', message: `the relay answered ${response.status}` } }
  } catch {
    return { kind: 'offline', reason: { code: 'UNREACHABLE', message: 'the relay cannot be reached' } }
  } finally {
    cancel()
  }
}

export function baseOf(address: RelayAddress): string {
  return address.url.replace(/\/+$/, '')
}

function sameState(a: ConnectionState, b: ConnectionState): boolean {
  const reason = (state: ConnectionState): string => ('reason' in state ? state.reason.code : '')
  const role = (state: ConnectionState): boolean => state.kind === 'connected' && state.mayWrite
  return a.kind === b.kind && reason(a) === reason(b) && role(a) === role(b)
}

function readRole(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'role' in body ? body.role : null
}
