import type { Locks } from './environment.ts'

export interface Leadership {
  leads(): boolean
  /** Whether this tab may lead has changed. */
  check(): void
  close(): void
}

/**
 * One tab of a browser works for all, the one that holds the lock; when it goes, another gets it. Only a tab that `mayLead` (has a way
 * to the relay) holds it: one without must not keep those that have one from it.
 */
export function campaign(locks: Locks | null, name: string, mayLead: () => boolean, onLead: () => void): Leadership {
  let session: AbortController | null = null
  let leading = false
  let closed = false

  const stop = (): void => {
    session?.abort()
    session = null
    leading = false
  }

  const check = (): void => {
    if (closed || !mayLead()) {
      stop()
      return
    }
    if (session) return
    const mine = new AbortController()
    session = mine
    const lead = async (): Promise<void> => {
      if (mine.signal.aborted) return
      leading = true
      onLead()
      await new Promise<void>((resolve) => {
        if (mine.signal.aborted) resolve()
        mine.signal.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    const request = locks?.request(name, { signal: mine.signal }, lead) ?? lead()
    request.catch((error: unknown) => {
      if (!mine.signal.aborted) throw error
    })
  }

  return {
    leads: () => leading,
    check,
    close: () => {
      closed = true
      stop()
    },
  }
}
