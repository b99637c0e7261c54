import { useMemo, useSyncExternalStore } from 'react'
import type { Route } from './route.ts'
import { parseRoute, routeAddress } from './route.ts'

function subscribe(tell: () => void): () => void {
  addEventListener('hashchange', tell)
  addEventListener('popstate', tell)
  return () => {
    removeEventListener('hashchange', tell)
    removeEventListener('popstate', tell)
  }
}

export function useRoute(): Route {
  const fragment = useSyncExternalStore(subscribe, () => location.hash)
  return useMemo(() => parseRoute(fragment), [fragment])
}

/** Goes to another page. `replace` leaves no way back, for a page that has ceased to be. */
export function navigate(route: Route, { replace = false } = {}): void {
  const address = routeAddress(route)
  if (location.hash === address) return
  if (replace) {
    history.replaceState(null, '', address)
    dispatchEvent(new PopStateEvent('popstate'))
  } else location.hash = address
}
