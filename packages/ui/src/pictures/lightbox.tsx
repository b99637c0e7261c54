import { Download, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { IconButton } from '../controls/button.tsx'

export interface LightboxProps {
  readonly url: string
  readonly name: string
  readonly onClose: () => void
}

/** A picture as large as the window lets it be. Escape, the button or a click beside it closes it. */
export function Lightbox({ url, name, onClose }: LightboxProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const element = dialog.current
    if (element && !element.open) element.showModal()
    return () => element?.close()
  }, [])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes a modal dialog by itself; the click is for beside the picture
    <dialog
      ref={dialog}
      className="hf-lightbox"
      aria-label={name}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (!(event.target as HTMLElement).closest('img, button, a')) onClose()
      }}
    >
      <header>
        <span className="hf-truncate">{name}</span>
        <a className="hf-icon-button" href={url} download={name} aria-label="Download" title="Download">
          <Download size={18} aria-hidden />
        </a>
        <IconButton label="Close" shortcut="Esc" onClick={onClose}>
          <X size={19} aria-hidden />
        </IconButton>
      </header>
      <img src={url} alt={name} />
    </dialog>
  )
}
