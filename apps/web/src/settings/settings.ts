/** Kept on this device only: a key must not travel with the conversations. */
export interface Settings {
  /** Base address of an OpenAI-compatible endpoint, with its version path; empty means the demo model. */
  readonly endpoint: string
  readonly apiKey: string
  readonly model: string
  /** The model reads images; otherwise it is only told their names. */
  readonly images: boolean
  readonly theme: 'system' | 'light' | 'dark'
  /** The name others see. */
  readonly name: string
}

export const defaultSettings: Settings = {
  endpoint: '',
  apiKey: '',
  model: '',
  images: true,
  theme: 'system',
  name: '',
}

const key = 'holdfast:settings'

/** What was kept may be old, damaged or edited by hand: every field is checked, and a bad one is the default. */
export function parseSettings(json: string | null): Settings {
  let kept: Record<string, unknown> = {}
  try {
    const parsed: unknown = JSON.parse(json ?? '{}')
    if (typeof parsed === 'object' && parsed !== null) kept = parsed as Record<string, unknown>
  } catch {
    return defaultSettings
  }
  const text = (name: keyof Settings) => (typeof kept[name] === 'string' ? kept[name] : '')
  const theme = kept.theme === 'light' || kept.theme === 'dark' ? kept.theme : 'system'
  return {
    endpoint: text('endpoint'),
    apiKey: text('apiKey'),
    model: text('model'),
    images: kept.images !== false,
    theme,
    name: text('name'),
  }
}

/** `http://localhost:11434/` and `localhost:11434/v1/chat/completions` are both understood. */
export function tidyEndpoint(written: string): string {
  const trimmed = written.trim().replace(/\/+$/, '')
  if (trimmed === '') return ''
  const whole = /^https?:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`
  if (!URL.canParse(whole)) return whole
  const url = new URL(whole)
  const path = url.pathname.replace(/\/chat\/completions$|\/completions$|\/models$/, '').replace(/\/+$/, '')
  return `${url.origin}${path === '' ? '/v1' : path}`
}

export const usesDemo = (settings: Settings): boolean => settings.endpoint === '' || settings.model === ''

type Listener = () => void

/** A readable store of the settings that follows other tabs too. */
export function createSettings(storage: () => Storage) {
  const listeners = new Set<Listener>()
  const read = (): Settings => {
    try {
      return parseSettings(storage().getItem(key))
    } catch {
      return defaultSettings
    }
  }
  let current = read()
  const tell = () => {
    for (const listener of listeners) listener()
  }
  return {
    get: () => current,
    subscribe: (listener: Listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    /** False when the browser did not keep it; it holds for this page then. */
    set: (changed: Partial<Settings>): boolean => {
      current = { ...current, ...changed }
      tell()
      try {
        storage().setItem(key, JSON.stringify(current))
        return true
      } catch {
        return false
      }
    },
    reload: (changedKey: string | null) => {
      if (changedKey !== key && changedKey !== null) return
      current = read()
      tell()
    },
  }
}

export type SettingsStore = ReturnType<typeof createSettings>
