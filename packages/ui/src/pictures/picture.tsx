import { useBlobUrl } from '@holdfast/react'
import { ImageOff, RotateCw } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../controls/button.tsx'
import { Lightbox } from './lightbox.tsx'

export interface PictureProps {
  readonly url: string
  readonly name: string
}

/** A picture that opens large when it is pressed. */
export function Picture({ url, name }: PictureProps) {
  const [open, setOpen] = useState(false)
  const [broken, setBroken] = useState(false)
  if (broken) return <Missing name={name} text="It is kept, but this browser cannot show it." />
  return (
    <>
      <button type="button" className="hf-picture-button" aria-label={`Open ${name}`} onClick={() => setOpen(true)}>
        <img className="hf-picture" src={url} alt={name} onError={() => setBroken(true)} />
      </button>
      {open && <Lightbox url={url} name={name} onClose={() => setOpen(false)} />}
    </>
  )
}

interface MissingProps {
  readonly name: string
  readonly text: string
  readonly onRetry?: () => void
}

function Missing({ name, text, onRetry }: MissingProps) {
  return (
    <div className="hf-picture-missing">
      <ImageOff size={17} aria-hidden />
      <p>
        <strong className="hf-truncate">{name}</strong>
        <span>{text}</span>
      </p>
      {onRetry && (
        <Button size="small" onClick={onRetry}>
          <RotateCw size={14} aria-hidden />
          Try again
        </Button>
      )}
    </div>
  )
}

/** A picture kept as a blob: from this device, or from the relay once it can be asked. */
export function BlobPicture({ sha256, name }: { readonly sha256: string; readonly name: string }) {
  const address = useBlobUrl(sha256)
  switch (address.state) {
    case 'loading':
      return <div className="hf-picture hf-picture-loading" role="img" aria-label={`${name}, loading`} />
    case 'ready':
      return <Picture url={address.url} name={name} />
    case 'failed': {
      const { message } = address.error
      const text = `Not here: ${message}.`
      return <Missing name={name} text={text} onRetry={address.retry} />
    }
  }
}
