import type { ConversationStatus, RelayProgress, StoreStatus } from '@holdfast/store'

/**
 * The status to show when no conversation is open: that of everything this device holds. `synced` only over a wire on which the relay
 * acknowledges what is on its disk.
 */
export function spaceStatus(space: StoreStatus): ConversationStatus {
  if (space.notSaved) return { kind: 'not-saved', ...space.notSaved }
  const relay: Record<StoreStatus['relay'], RelayProgress> = {
    none: 'none',
    connecting: 'sending',
    connected: space.waiting > 0 ? 'sending' : space.wire?.kind === 'stock' ? 'sent' : 'synced',
    offline: 'offline',
    refused: 'refused',
  }
  return { kind: 'saved', relay: relay[space.relay], ...(space.reason ? { reason: space.reason } : {}) }
}
