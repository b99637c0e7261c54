import { type Awareness, applyAwarenessUpdate, encodeAwarenessUpdate } from 'y-protocols/awareness'
import { createSignal } from './signal.ts'
import type { Tabs } from './tabs.ts'
import type { Peer, Presence } from './types.ts'

const FROM_TABS = Symbol('awareness from another tab')

const COLORS = ['#d9480f', '#2b8a3e', '#1864ab', '#862e9c', '#a61e4d', '#5c940d', '#0b7285', '#5f3dc4']

/** Reads peers out of what they say of themselves, none of which is trusted to have a shape. */
function readPeers(awareness: Awareness): Peer[] {
  return Array.from(awareness.getStates(), ([clientId, state]) => readPeer(clientId, state, awareness.clientID)).sort(
    (a, b) => a.clientId - b.clientId,
  )
}

function readPeer(clientId: number, state: Record<string, unknown>, self: number): Peer {
  const user = typeof state.user === 'object' && state.user !== null ? (state.user as Record<string, unknown>) : state
  const text = (value: unknown, otherwise: string): string =>
    typeof value === 'string' && value !== '' ? value.slice(0, 200) : otherwise
  const writing = Array.isArray(state.writing) ? state.writing.filter((id) => typeof id === 'string').slice(0, 100) : []
  return {
    clientId,
    self: clientId === self,
    name: text(user.name, 'Somebody'),
    color: text(user.color, COLORS[clientId % COLORS.length]!),
    writing,
    state,
  }
}

export interface PresenceLink {
  readonly presence: Presence
  /** Says which messages this window is writing. */
  setWriting(ids: readonly string[]): void
  /** Applies what another tab said of itself. */
  receive(update: Uint8Array): void
  /** Says again what this window said of itself, for somebody who is new or has forgotten. */
  announce(): void
  destroy(): void
}

/** Ties a conversation's awareness to the other tabs, and makes peers of it. The relay's part is the provider's. */
export function linkPresence(id: string, awareness: Awareness, tabs: Tabs): PresenceLink {
  const peers = createSignal<readonly Peer[]>(readPeers(awareness))
  const onChange = (): void => peers.set(readPeers(awareness))
  const onUpdate = (changed: { added: number[]; updated: number[]; removed: number[] }, origin: unknown): void => {
    if (origin === FROM_TABS) return
    const all = [...changed.added, ...changed.updated, ...changed.removed]
    if (!all.includes(awareness.clientID)) return
    tabs.post({ type: 'awareness', id, update: encodeAwarenessUpdate(awareness, [awareness.clientID]) })
  }
  awareness.on('change', onChange)
  awareness.on('update', onUpdate)
  return {
    presence: {
      get: peers.get,
      subscribe: peers.subscribe,
      setLocal: (state) => awareness.setLocalState(state && { ...awareness.getLocalState(), ...state }),
    },
    setWriting: (ids) => {
      if (ids.length > 0 || awareness.getLocalState()?.writing) {
        awareness.setLocalState({ ...awareness.getLocalState(), writing: [...ids] })
      }
    },
    receive: (update) => applyAwarenessUpdate(awareness, update, FROM_TABS),
    // Setting the same state again raises its clock, so that those who dropped it at this clock take it once more.
    announce: () => {
      const state = awareness.getLocalState()
      if (state) awareness.setLocalState(state)
    },
    destroy: () => {
      awareness.destroy()
      awareness.off('change', onChange)
      awareness.off('update', onUpdate)
    },
  }
}
