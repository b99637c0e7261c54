import type { ReactNode } from 'react'
import { Button } from './button.tsx'
import { Dialog } from './dialog.tsx'

export interface ConfirmProps {
  readonly title: string
  /** What will happen, and whether there is a way back. */
  readonly children: ReactNode
  /** What the button says: the deed itself, not `OK`. */
  readonly action: string
  readonly onConfirm: () => void
  readonly onClose: () => void
}

/** Asks before something that cannot be undone. The focus is on the way out. */
export function Confirm({ title, children, action, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <div className="hf-confirm">{children}</div>
      <footer>
        <Button autoFocus onClick={onClose}>
          Cancel
        </Button>
        <Button
          kind="danger"
          onClick={() => {
            onClose()
            onConfirm()
          }}
        >
          {action}
        </Button>
      </footer>
    </Dialog>
  )
}
