import { ArrowUp, Square } from 'lucide-react'
import type { ReactNode, Ref } from 'react'
import { useLayoutEffect, useRef } from 'react'

export interface ComposerProps {
  readonly text: string
  readonly onChange: (text: string) => void
  readonly onSend: (text: string) => void
  /** Set while this window writes an answer. */
  readonly onStop?: (() => void) | undefined
  /** Why nothing can be sent now; the text can still be written. */
  readonly disabled?: string | undefined
  readonly placeholder?: string
  /** Left of the buttons: the model, say. */
  readonly children?: ReactNode
  readonly ref?: Ref<HTMLTextAreaElement>
}

/** `field-sizing: content` does this where it exists; elsewhere the height follows the text by hand. */
function fit(area: HTMLTextAreaElement): void {
  if (CSS.supports('field-sizing', 'content')) return
  area.style.height = 'auto'
  area.style.height = `${area.scrollHeight}px`
}

export function Composer(props: ComposerProps) {
  const { text, onChange, onSend, onStop, disabled, placeholder = 'Write a message', children, ref } = props
  const own = useRef<HTMLTextAreaElement | null>(null)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    if (own.current) fit(own.current)
  }, [text])
  const usable = text.trim() !== '' && !disabled && !onStop
  const send = () => {
    if (usable) onSend(text.trim())
  }
  const stop = () => {
    onStop?.()
    // The button under the focus goes away: the next thing to do is to write.
    own.current?.focus()
  }
  return (
    <form
      className="hf-composer"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <textarea
        ref={(element) => {
          own.current = element
          if (typeof ref === 'function') ref(element)
          else if (ref) ref.current = element
        }}
        className="hf-scroll"
        aria-label="Message"
        placeholder={placeholder}
        rows={1}
        value={text}
        onChange={(event) => onChange(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
          event.preventDefault()
          send()
        }}
      />
      <div className="hf-composer-bar">
        <div>{children}</div>
        <div>
          {onStop ? (
            <button type="button" className="hf-send hf-stop" aria-label="Stop" title="Stop (Esc)" onClick={stop}>
              <Square size={13} fill="currentColor" aria-hidden />
            </button>
          ) : (
            <button
              type="submit"
              className="hf-send"
              aria-label="Send"
              title={disabled ?? 'Send (Enter)'}
              disabled={!usable}
            >
              <ArrowUp size={18} strokeWidth={2.4} aria-hidden />
            </button>
          )}
        </div>
      </div>
    </form>
  )
}
