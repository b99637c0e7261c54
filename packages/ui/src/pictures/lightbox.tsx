import { Download, X } from 'lucide-react'
import type { MouseEvent } from 'react'
import { IconButton } from '../controls/button.tsx'
import { Modal } from '../controls/modal.tsx'

export interface LightboxProps {
  readonly url: string
  readonly name: string
  readonly onClose: () => void
}

const isBesidePicture = (event: MouseEvent): boolean => !(event.target as HTMLElement).closest('img, button, a')

/** A picture as large as the window lets it be. Escape, the button or a click beside it closes it. */
export function Lightbox({ url, name, onClose }: LightboxProps) {
  return (
    <Modal className="hf-lightbox" label={name} onClose={onClose} isBeside={isBesidePicture}>
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
    </Modal>
  )
}
