import { useEffect, useState } from 'react'

/** `waits`: somebody wanted to send while an answer is being written; `free`: that answer has ended since. */
export type HeldBack = 'no' | 'waits' | 'free'

export interface Holding {
  readonly heldBack: HeldBack
  /** How often it was tried. */
  readonly times: number
  /** Sending was tried, and cannot be now. */
  readonly refuse: () => void
}

/** Remembers that a message was to be sent while this window was `busy`, until that one is sent or given up or another answer begins. */
export function useHeldBack(busy: boolean, isEmpty: boolean): Holding {
  const [times, setTimes] = useState(0)
  useEffect(() => {
    if (busy || isEmpty) setTimes(0)
  }, [busy, isEmpty])
  const heldBack = times === 0 || isEmpty ? 'no' : busy ? 'waits' : 'free'
  return { heldBack, times, refuse: () => setTimes((was) => was + 1) }
}

export interface ComposerNoteProps {
  readonly holding: Holding
  readonly stopping: string | undefined
}

/**
 * What is said beside the buttons. The region is always there, for a reader of the screen is told only of what comes into one that was; said again when
 * it is tried again. That sending is possible is seen by the button, and is said to those who do not see it.
 */
export function ComposerNote({ holding: { heldBack, times }, stopping }: ComposerNoteProps) {
  return (
    <p className="hf-composer-note" aria-live="polite">
      {stopping && <span>{stopping}</span>}
      {!stopping && heldBack === 'waits' && (
        <span key={times}>
          <strong>Not sent yet:</strong> the answer is still being written. Wait or stop it
          <span className="hf-composer-key">
            {' '}
            (<kbd>Esc</kbd>)
          </span>
          , then send.
        </span>
      )}
      {!stopping && heldBack === 'free' && (
        <span className="hf-hidden">The answer has ended. Your message can be sent now.</span>
      )}
    </p>
  )
}
