import { ArrowUp, ImagePlus, Square } from 'lucide-react'
import type { ClipboardEvent, ReactNode, Ref } from 'react'
import { useLayoutEffect, useRef } from 'react'
import { IconButton } from '../controls/button.tsx'
import type { Attachment } from './attachments.tsx'
import { Attachments } from './attachments.tsx'
import { ComposerNote, useHeldBack } from './composer-note.tsx'
import { useFileDrop } from './use-file-drop.ts'

export interface ComposerProps {
  readonly text: string
  readonly onChange: (text: string) => void
  readonly onSend: (text: string) => void
  /** Set while an answer is being written, here or in another window. */
  readonly onStop?: (() => void) | undefined
  /** Said beside the button once it was pressed and nothing has happened yet. */
  readonly stopping?: string | undefined
  /** This window is answering: the next message waits for that, stays as it is, and whoever tries to send it is told so. */
  readonly busy?: boolean
  /** Why nothing can be sent now; the text can still be written. */
  readonly disabled?: string | undefined
  readonly placeholder?: string
  readonly attachments?: readonly Attachment[]
  /** Takes files that were pasted, dropped or chosen. Without it none can be. */
  readonly onAttach?: ((files: readonly File[]) => void) | undefined
  readonly onDetach?: (id: string) => void
  /** Types that the file chooser offers. */
  readonly accept?: string
  /** What is wrong with what was attached. */
  readonly problem?: string | null
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
  const { text, onChange, onSend, onStop, disabled, placeholder = 'Write a message', ref } = props
  const { attachments = [], onAttach, busy = false } = props
  const own = useRef<HTMLTextAreaElement | null>(null)
  const chooser = useRef<HTMLInputElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const { over, handlers } = useFileDrop(onAttach)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the height follows the text
  useLayoutEffect(() => {
    if (own.current) fit(own.current)
  }, [text])
  const isEmpty = text.trim() === '' && attachments.length === 0
  const usable = !isEmpty && !disabled && !busy
  const holding = useHeldBack(busy, isEmpty)
  const send = () => {
    if (!usable) {
      if (busy && !isEmpty) holding.refuse()
      return
    }
    // The button goes away or dulls when there is nothing more to send: who pressed it by key goes on in the text.
    if (button.current?.matches(':focus-visible')) own.current?.focus()
    onSend(text.trim())
  }
  const stop = () => {
    onStop?.()
    // The button under the focus goes away: the next thing to do is to write.
    own.current?.focus()
  }
  const paste = (event: ClipboardEvent) => {
    const files = [...event.clipboardData.files]
    // A copied table or page brings a picture of itself along: its words are what was meant.
    if (!onAttach || files.length === 0 || event.clipboardData.types.includes('text/plain')) return
    event.preventDefault()
    onAttach(files)
  }
  return (
    <form
      className="hf-composer"
      data-over={over}
      {...handlers}
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <Attachments attachments={attachments} onDetach={props.onDetach} />
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
        onPaste={paste}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
          event.preventDefault()
          // A key that is held down is one wish.
          if (!event.repeat) send()
        }}
      />
      {props.problem && (
        <p className="hf-composer-problem" role="alert">
          {props.problem}
        </p>
      )}
      <div className="hf-composer-bar">
        <div>
          {onAttach && (
            <>
              <IconButton label="Attach an image" onClick={() => chooser.current?.click()}>
                <ImagePlus size={18} aria-hidden />
              </IconButton>
              <input
                ref={chooser}
                type="file"
                hidden
                multiple
                accept={props.accept}
                onChange={(event) => {
                  onAttach([...(event.target.files ?? [])])
                  // So that choosing the same file again is a change too.
                  event.target.value = ''
                  own.current?.focus()
                }}
              />
            </>
          )}
          {props.children}
        </div>
        <ComposerNote holding={holding} stopping={props.stopping} />
        <div>
          {onStop && (
            <button
              type="button"
              className="hf-send hf-stop"
              data-wanted={holding.heldBack === 'waits'}
              aria-label="Stop"
              title="Stop (Esc)"
              onClick={stop}
            >
              <Square size={13} fill="currentColor" aria-hidden />
            </button>
          )}
          {!busy && (
            <button
              ref={button}
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
