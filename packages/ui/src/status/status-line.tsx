import type { ConversationStatus, StoreStatus } from '@holdfast/store'
import { Check, CheckCheck, CircleAlert, CloudCheck, CloudOff, HardDrive, LoaderCircle, RadioTower } from 'lucide-react'
import type { ReactNode } from 'react'
import { useCallback, useRef, useState } from 'react'
import { Floating } from '../controls/floating.tsx'
import { deviceText, lineText, relayText } from './status-words.ts'
import { useSteadyStatus } from './use-steady-status.ts'

export interface StatusLineProps {
  readonly status: ConversationStatus
  readonly space: StoreStatus
  /** A message of the conversation is being written. */
  readonly streaming?: boolean
  /** Another value whenever anything but the text of that message has changed. */
  readonly structure?: unknown
  /** More about the space in the card: what was set aside, say. */
  readonly children?: ReactNode
}

type Look = readonly [tone: 'plain' | 'good' | 'busy' | 'warn' | 'bad', Icon: typeof Check]

function lookOf(status: ConversationStatus): Look {
  if (status.kind === 'saving') return ['busy', LoaderCircle]
  if (status.kind === 'not-saved') return ['bad', CircleAlert]
  const looks: Record<typeof status.relay, Look> = {
    none: ['good', HardDrive],
    sending: ['good', Check],
    sent: ['good', CheckCheck],
    synced: ['good', CloudCheck],
    offline: ['warn', CloudOff],
    refused: ['warn', CircleAlert],
  }
  return looks[status.relay]
}

/** Where the conversation is kept, in words, with an icon; the details are one press away. */
export function StatusLine({ status: current, space, streaming = false, structure, children }: StatusLineProps) {
  const { status, flowing } = useSteadyStatus(current, { streaming, structure })
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
        <span role="status">{lineText(status, space, flowing)}</span>
      </div>
      <button
        ref={anchor}
        type="button"
        className="hf-status-button"
        aria-label="Where this is kept"
        aria-expanded={open}
        title={`${deviceText(status, space, flowing)} Relay: ${relayText(status, space)}`}
        onClick={() => setOpen((was) => !was)}
      />
      {open && (
        <Floating anchor={anchor} onClose={close}>
          <section className="hf-status-card" aria-label="Where this is kept">
            <dl>
              <div>
                <HardDrive size={15} aria-hidden />
                <dt>This device</dt>
                <dd>{deviceText(status, space, flowing)}</dd>
              </div>
              <div>
                <RadioTower size={15} aria-hidden />
                <dt>Relay</dt>
                <dd>{relayText(status, space)}</dd>
              </div>
            </dl>
            {children}
          </section>
        </Floating>
      )}
    </div>
  )
}
