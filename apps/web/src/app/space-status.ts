import type { ConversationStatus, RelayProgress, StoreStatus } from '@holdfast/store'

/**
 * The status to show when no conversation is open: that of everything this device holds. `synced` only over a wire on which the relay
 * acknowledges what is on its disk.
 */
export function spaceStatus(space: StoreStatus): ConversationStatus {
  if (space.notSaved) return { kind: 'not-saved', ...space.notSaved }
  const relay: Record<StoreStatus['relay'], RelayProgress> = {
    none: 'none',
    // With nothing to send there is nothing to say until it is known whether the relay is there.
    connecting: space.waiting > 0 ? 'sending' : 'none',
    connected: connectedProgress(space),
    offline: 'offline',
    refused: 'refused',
  }
  const reason = space.reason ?? space.notTaken
  return { kind: 'saved', relay: relay[space.relay], ...(reason ? { reason } : {}) }
}

function connectedProgress({ waiting, notTaken, wire }: StoreStatus): RelayProgress {
  if (notTaken) return 'refused'
  if (waiting > 0) return 'sending'
  return wire?.kind === 'stock' ? 'sent' : 'synced'
}
