import type { ConversationStatus, RelayProgress } from './types.ts'

const SAVED = 'Saved on this device'

const RELAY: Record<RelayProgress, string> = {
  none: SAVED,
  sending: `${SAVED} · Sending`,
  sent: `${SAVED} · Sent to relay`,
  synced: `${SAVED} · Synced`,
  offline: `${SAVED} · Offline`,
  refused: `${SAVED} · Relay refused`,
}

/**
 * One line for people. The words `Saved on this device`, `Synced`, `Offline` and `Not saved` are part of the
 * contract: outside checks look for them.
 */
export function statusText(status: ConversationStatus): string {
  switch (status.kind) {
    case 'saving':
      return 'Saving'
    case 'not-saved':
      return `Not saved: ${status.reason.message}`
    case 'saved':
      return status.relay === 'refused' && status.reason
        ? `${RELAY.refused}: ${status.reason.message}`
        : RELAY[status.relay]
  }
}
