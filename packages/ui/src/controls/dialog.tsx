import { X } from 'lucide-react'
import type { MouseEvent, ReactNode } from 'react'
import { useId } from 'react'
import { IconButton } from './button.tsx'
import { Modal } from './modal.tsx'

export interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly children: ReactNode
}

const isBackdrop = (event: MouseEvent): boolean => event.target === event.currentTarget

/** A modal dialog with a title; mounting it opens it. */
export function Dialog({ title, onClose, children }: DialogProps) {
  const heading = useId()
  return (
    <Modal className="hf-dialog" labelledBy={heading} onClose={onClose} isBeside={isBackdrop}>
      <header>
        <h2 id={heading}>{title}</h2>
        <IconButton label="Close" onClick={onClose}>
          <X size={18} aria-hidden />
        </IconButton>
      </header>
      <div className="hf-dialog-body hf-scroll">{children}</div>
    </Modal>
  )
}
