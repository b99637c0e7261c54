import { useState } from 'react'
import { Button } from '../controls/button.tsx'

export interface EditFormProps {
  readonly text: string
  readonly onDone: (text: string) => void
  readonly onCancel: () => void
}

export function EditForm({ text, onDone, onCancel }: EditFormProps) {
  const [value, setValue] = useState(text)
  const usable = value.trim() !== ''
  const done = () => {
    if (usable) onDone(value.trim())
  }
  return (
    <form
      className="hf-edit"
      onSubmit={(event) => {
        event.preventDefault()
        done()
      }}
    >
      <textarea
        className="hf-scroll"
        aria-label="Edited question"
        value={value}
        // biome-ignore lint/a11y/noAutofocus: the reader has just asked to edit
        autoFocus
        onFocus={(event) => event.target.setSelectionRange(value.length, value.length)}
        onChange={(event) => setValue(event.target.value)}
        onKeyDown={(event) => {
          if (event.nativeEvent.isComposing) return
          if (event.key === 'Escape') {
            // It ends the editing, and not the answer that may be under way as well.
            event.preventDefault()
            onCancel()
          }
          if (event.key === 'Enter' && !event.shiftKey) {
            event.preventDefault()
            done()
          }
        }}
      />
      <footer>
        <Button kind="quiet" size="small" onClick={onCancel}>
          Cancel
        </Button>
        <Button kind="primary" size="small" type="submit" disabled={!usable}>
          Ask again
        </Button>
      </footer>
    </form>
  )
}
