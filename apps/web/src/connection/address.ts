import type { RelayAddress } from '@holdfast/store'

/*
 * Where this page's relay is and what lets us in. `#token=` and `#space=` arrive in the fragment, which no server sees;
 * they are taken over once and removed from the address bar, so that a copied link or a screenshot gives nothing away.
 */

export interface Arrival {
  readonly token: string | null
  readonly space: string | null
  /** The fragment without what was taken from it, beginning with `#`, or empty. */
  readonly rest: string
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not encoded, with a stray %: then it is what it says.
    return text
  }
}

/**
 * Reads a fragment such as `#token=abc&space=team`. One that is a route (`#/c/...`) is left alone. Not URLSearchParams:
 * a token may hold a plus sign, which that would read as a space.
 */
export function readFragment(fragment: string): Arrival {
  const body = fragment.replace(/^#/, '')
  if (!/^(?:token|space)=/.test(body)) return { token: null, space: null, rest: body ? `#${body}` : '' }
  const fields = new Map(
    body.split('&').map((field) => {
      const at = field.indexOf('=')
      return [field.slice(0, at), decode(field.slice(at + 1))] as const
    }),
  )
  const route = fields.get('to')
  return { token: fields.get('token') || null, space: fields.get('space') || null, rest: route ? `#${route}` : '' }
}

/** What a person pastes when asked for another token: a whole address as the relay prints it, or the token alone. */
export function readPasted(pasted: string): { readonly token: string } | null {
  const text = pasted.trim()
  if (/^https?:\/\//i.test(text)) {
    if (!URL.canParse(text)) return null
    const url = new URL(text)
    const token = readFragment(url.hash).token ?? url.searchParams.get('token')
    return token ? { token } : null
  }
  const token = text.startsWith('#') || text.startsWith('token=') ? readFragment(text).token : text
  return token && /^[!-~]{8,}$/.test(token) ? { token } : null
}

/** The page's own origin, unless the address names another relay (`?relay=http://127.0.0.1:4321`, for development). */
export function relayUrl(location: { readonly origin: string; readonly search: string }): string {
  const named = new URLSearchParams(location.search).get('relay')
  return named && URL.canParse(named) ? new URL(named).origin : location.origin
}

const key = (url: string, space: string) => `holdfast:token:${url}:${space}`
const lastSpace = 'holdfast:space'

/** `localStorage` that may be missing or blocked: then nothing is remembered beyond this page. */
export function createTokenMemory(storage: () => Storage) {
  const memory = new Map<string, string>()
  const attempt = <T>(run: (kept: Storage) => T, otherwise: T): T => {
    try {
      return run(storage())
    } catch {
      return otherwise
    }
  }
  const read = (name: string) => attempt((kept) => kept.getItem(name), null) ?? memory.get(name) ?? null
  const write = (name: string, value: string) => {
    memory.set(name, value)
    attempt((kept) => kept.setItem(name, value), undefined)
  }
  return {
    token: (url: string, space: string) => read(key(url, space)),
    /** The token of this space that another window has just kept; null when the event tells of something else. */
    arrived: (event: Pick<StorageEvent, 'key' | 'newValue'>, url: string, space: string) => {
      if (event.key !== key(url, space) || !event.newValue) return null
      memory.set(event.key, event.newValue)
      return event.newValue
    },
    space: () => read(lastSpace) ?? 'default',
    keepToken: (url: string, space: string, token: string) => write(key(url, space), token),
    keepSpace: (space: string) => write(lastSpace, space),
  }
}

export type TokenMemory = ReturnType<typeof createTokenMemory>

export interface Connection {
  readonly space: string
  readonly url: string
  readonly relay: RelayAddress | null
}

/** Takes over what the address brings, cleans it, and says what to connect to. */
export function arrive(memory: TokenMemory): Connection {
  const { token, space: named, rest } = readFragment(location.hash)
  const url = relayUrl(location)
  if (named) memory.keepSpace(named)
  const space = memory.space()
  if (token) memory.keepToken(url, space, token)
  if (token || named) history.replaceState(history.state, '', `${location.pathname}${location.search}${rest || '#/'}`)
  const kept = memory.token(url, space)
  return { space, url, relay: kept ? { url, token: kept } : null }
}
