import type { Environment } from '../../environment.ts'
import type { RelayAddress } from '../../types.ts'
import { baseOf } from '../gate.ts'
import type { ConnectionState } from '../port.ts'

/** A relay that does not answer this small question in this time is as good as away. */
const ANSWER_TIMEOUT_MS = 10_000
const UPGRADE_REQUIRED = 426

/**
 * Asks without a socket why there is none. A relay that has `/sync` answers that the address wants an upgrade; one of an older version,
 * or a foreign one that only speaks y-websocket, knows nothing there.
 */
export async function probe(
  space: string,
  address: RelayAddress,
  { clock, fetch }: Pick<Environment, 'clock' | 'fetch'>,
): Promise<
  { readonly kind: 'supported' } | { readonly kind: 'unsupported' } | Extract<ConnectionState, { kind: 'offline' }>
> {
  const abort = new AbortController()
  const cancel = clock.after(ANSWER_TIMEOUT_MS, () => abort.abort())
  try {
    const response = await fetch(`${baseOf(address)}/sync/${encodeURIComponent(space)}`, {
      headers: { authorization: `Bearer ${address.token}` },
      signal: abort.signal,
      cache: 'no-store',
    })
    await response.body?.cancel()
    if (response.status === UPGRADE_REQUIRED) return { kind: 'supported' }
    if (response.status === 404 || response.ok) return { kind: 'unsupported' }
    return { kind: 'offline', reason: { code: 'RELAY_FAILED', message: `the relay answered ${response.status}` } }
  } catch {
    return { kind: 'offline', reason: { code: 'UNREACHABLE', message: 'the relay cannot be reached' } }
  } finally {
    cancel()
  }
}
