import type { MouseEvent, ReactNode } from 'react'
import { useEffect, useRef } from 'react'

export interface ModalProps {
  readonly className: string
  /** The element that names it, or its name. */
  readonly labelledBy?: string
  readonly label?: string
  readonly onClose: () => void
  /** Whether a click on this is beside what is shown, and closes it. */
  readonly isBeside: (event: MouseEvent<HTMLDialogElement>) => boolean
  readonly children: ReactNode
}

/** The browser's own `<dialog>`: mounting it opens it; it keeps the focus inside and gives it back; Escape closes it. */
export function Modal({ className, label, labelledBy, onClose, isBeside, children }: ModalProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    if (element && !element.open) element.showModal()
    return () => element?.close()
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a modal dialog by itself; the click is for beside it
    <dialog
      ref={dialog}
      className={className}
      aria-label={label}
      aria-labelledby={labelledBy}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (isBeside(event)) onClose()
      }}
    >
      {children}
    </dialog>
  )
}
