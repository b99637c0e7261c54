import { Button, Dialog } from '@holdfast/ui'
import { useId, useState } from 'react'
import { useServices } from '../app/services.tsx'

/** Asks for a token: the relay's printed address can be pasted as it is. */
export function TokenDialog({ onClose }: { readonly onClose: () => void }) {
  const { link } = useServices()
  const [pasted, setPasted] = useState('')
  const [wrong, setWrong] = useState(false)
  const id = useId()
  return (
    <Dialog title="Connect to the relay" onClose={onClose}>
      <form
        className="app-fieldset"
        onSubmit={(event) => {
          event.preventDefault()
          if (link.accept(pasted)) onClose()
          else setWrong(true)
        }}
      >
        <p className="hf-hint">
          Paste the address that <code>holdfast serve</code> printed, or a token that you were given. What is on this
          device stays, and is sent once the relay lets this page in.
        </p>
        <div className="hf-field">
          <label htmlFor={id}>Address or token</label>
          <input
            id={id}
            className="hf-input"
            autoFocus
            autoComplete="off"
            spellCheck={false}
            placeholder={`${link.url}/#token=…`}
            value={pasted}
            aria-invalid={wrong}
            aria-describedby={wrong ? `${id}-wrong` : undefined}
            onChange={(event) => {
              setPasted(event.target.value)
              setWrong(false)
            }}
          />
          {wrong && (
            <span id={`${id}-wrong`} className="app-result" data-ok="false" role="alert">
              There is no token in this. The address ends with #token= and a long word.
            </span>
          )}
        </div>
        <footer>
          <Button kind="quiet" onClick={onClose}>
            Work on this device only
          </Button>
          <Button kind="primary" type="submit" disabled={pasted.trim() === ''}>
            Connect
          </Button>
        </footer>
      </form>
    </Dialog>
  )
}
