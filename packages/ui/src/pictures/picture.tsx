import { useBlobUrl } from '@holdfast/react'
import { BlobError, type BlobErrorCode } from '@holdfast/store'
import { ImageOff, RotateCw } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../controls/button.tsx'
import { sentence } from '../status/refusal-words.ts'
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

const missingTexts: Partial<Record<BlobErrorCode, string>> = {
  NOT_HERE: 'It is not on this device, and comes when the relay can be reached.',
  NOT_FOUND: 'Not here yet: the device that has it has not brought it to the relay.',
  WRONG_HASH: 'What the relay gave is not this picture.',
}

function missingText(error: Error): string {
  return (error instanceof BlobError && missingTexts[error.code]) || sentence(error.message)
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
      return <Missing name={name} text={missingText(address.error)} onRetry={address.retry} />
    }
  }
}
