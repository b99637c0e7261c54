import { createContext, use, useCallback, useSyncExternalStore } from 'react'
import type { Engine, Turn } from '../answering/engine.ts'
import type { RelayLink } from '../connection/relay-link.ts'
import type { Settings, SettingsStore } from '../settings/settings.ts'

/** What the page is made of beside the store. */
export interface Services {
  readonly engine: Engine
  readonly settings: SettingsStore
  readonly link: RelayLink
}

export const ServicesContext = createContext<Services | null>(null)

export function useServices(): Services {
  const services = use(ServicesContext)
  if (!services) throw new Error('useServices needs the app above it')
  return services
}

export function useSettings(): Settings {
  const { settings } = useServices()
  return useSyncExternalStore(settings.subscribe, settings.get)
}

/** The turn that this window is answering in a conversation. */
export function useTurn(conversationId: string): Turn | undefined {
  const { turns } = useServices().engine
  const get = useCallback(() => turns.get().get(conversationId), [turns, conversationId])
  return useSyncExternalStore(turns.subscribe, get)
}
