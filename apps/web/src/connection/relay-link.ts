import type { Store } from '@holdfast/store'
import type { Connection, TokenMemory } from './address.ts'
import { readFragment, readPasted } from './address.ts'

/** The page's connection to its relay, as far as a person has to do with it. */
export interface RelayLink {
  readonly url: string
  readonly space: string
  /** Whether this page was ever given a token for this relay. */
  hasToken(): boolean
  /** Takes over what a person pasted. False when there is no token in it. */
  accept(pasted: string): boolean
}

export function createRelayLink(
  store: Pick<Store, 'setRelay'>,
  connection: Connection,
  tokens: TokenMemory,
): RelayLink {
  const { url, space } = connection
  const use = (token: string) => {
    tokens.keepToken(url, space, token)
    store.setRelay({ url, token })
  }
  // A token that another window of this browser was given is this window's too: nobody pastes it twice.
  addEventListener('storage', (event) => {
    const token = tokens.arrived(event, url, space)
    if (token !== null) store.setRelay({ url, token })
  })
  // An address with a token, opened in a window that shows this page already, does not load it again.
  addEventListener('hashchange', () => {
    const arrived = readFragment(location.hash)
    if (!arrived.token) return
    history.replaceState(history.state, '', `${location.pathname}${location.search}${arrived.rest || '#/'}`)
    if (arrived.space && arrived.space !== space) {
      tokens.keepSpace(arrived.space)
      tokens.keepToken(url, arrived.space, arrived.token)
      location.reload()
      return
    }
    use(arrived.token)
  })
  return {
    url,
    space,
    hasToken: () => tokens.token(url, space) !== null,
    accept(pasted) {
      const read = readPasted(pasted)
      if (!read) return false
      use(read.token)
      return true
    },
  }
}
