import type { Store } from '@holdfast/store'
import type { ReactNode } from 'react'
import { createContext, use } from 'react'

const StoreContext = createContext<Store | null>(null)

export interface StoreProviderProps {
  readonly store: Store
  readonly children: ReactNode
}

/** Hands one opened store to the hooks below it. It neither opens nor closes it: the program that opened it does. */
export function StoreProvider({ store, children }: StoreProviderProps) {
  return <StoreContext value={store}>{children}</StoreContext>
}

/** The store of the nearest `StoreProvider`; throws without one, which is a mistake in the program. */
export function useStore(): Store {
  const store = use(StoreContext)
  if (!store) throw new Error('useStore needs a StoreProvider above it')
  return store
}
