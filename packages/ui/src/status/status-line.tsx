import type { ConversationStatus, StoreStatus } from '@holdfast/store'
import { statusText } from '@holdfast/store'
import { Check, CheckCheck, CircleAlert, CloudOff, HardDrive, LoaderCircle, RadioTower } from 'lucide-react'
import { useCallback, useRef, useState } from 'react'
import { Floating } from '../controls/floating.tsx'
import { useSteadyStatus } from './use-steady-status.ts'

export interface StatusLineProps {
  readonly status: ConversationStatus
  readonly space: StoreStatus
}

type Look = readonly [tone: 'plain' | 'good' | 'busy' | 'warn' | 'bad', Icon: typeof Check]

function lookOf(status: ConversationStatus): Look {
  if (status.kind === 'saving') return ['busy', LoaderCircle]
  if (status.kind === 'not-saved') return ['bad', CircleAlert]
  const looks: Record<typeof status.relay, Look> = {
    none: ['good', HardDrive],
    sending: ['good', Check],
    sent: ['good', CheckCheck],
    synced: ['good', CheckCheck],
    offline: ['warn', CloudOff],
    refused: ['warn', CircleAlert],
  }
  return looks[status.relay]
}

/** The store's own line; while something is being saved it says nothing of the relay, which may be away for long. */
function textOf(status: ConversationStatus, space: StoreStatus): string {
  const away = status.kind === 'saving' && space.relay === 'offline'
  return away ? `${statusText(status)} · Offline` : statusText(status)
}

const persistedTexts = {
  granted: 'The browser has promised to keep it.',
  denied: 'The browser may delete it when the disk is nearly full; installing the page or bookmarking it helps.',
  unknown: 'Kept in this browser, for this address.',
}

function deviceText(status: ConversationStatus, space: StoreStatus): string {
  if (status.kind === 'not-saved')
    return `Not written: ${status.reason.message}. The text stays on this page until it is.`
  if (status.kind === 'saving') return 'Being written to the disk of this device.'
  return `Committed to this device. ${persistedTexts[space.storage]}`
}

function relayText(status: ConversationStatus, space: StoreStatus): string {
  const because = space.reason ? ` ${space.reason.message}` : ''
  const texts: Record<StoreStatus['relay'], string> = {
    none: 'None is connected: conversations stay on this device and in its other windows.',
    connecting: 'Connecting.',
    connected:
      status.kind === 'saved' && (status.relay === 'sent' || status.relay === 'synced')
        ? 'It has everything of this conversation.'
        : 'Connected; the last edits are on their way.',
    offline: `Not reachable, retrying.${because} What you write is sent when it is back.`,
    refused: `It does not let this page in.${because}`,
  }
  return texts[space.relay]
}

/** Where the conversation is kept, in words, with an icon; the details are one press away. */
export function StatusLine({ status: current, space }: StatusLineProps) {
  const status = useSteadyStatus(current)
  const [open, setOpen] = useState(false)
  const anchor = useRef<HTMLButtonElement>(null)
  const close = useCallback((back: boolean) => {
    setOpen(false)
    if (back) anchor.current?.focus()
  }, [])
  const [tone, Icon] = lookOf(status)
  return (
    <div className="hf-status">
      <div className="hf-status-text" data-tone={tone}>
        <Icon size={14} className={status.kind === 'saving' ? 'hf-spin' : undefined} aria-hidden />
        <span role="status">{textOf(status, space)}</span>
      </div>
      <button
        ref={anchor}
        type="button"
        className="hf-status-button"
        aria-label="Where this is kept"
        aria-expanded={open}
        title={`${deviceText(status, space)} Relay: ${relayText(status, space)}`}
        onClick={() => setOpen((was) => !was)}
      />
      {open && (
        <Floating anchor={anchor} onClose={close}>
          <section className="hf-status-card" aria-label="Where this is kept">
            <dl>
              <div>
                <HardDrive size={15} aria-hidden />
                <dt>This device</dt>
                <dd>{deviceText(status, space)}</dd>
              </div>
              <div>
                <RadioTower size={15} aria-hidden />
                <dt>Relay</dt>
                <dd>{relayText(status, space)}</dd>
              </div>
            </dl>
          </section>
        </Floating>
      )}
    </div>
  )
}
