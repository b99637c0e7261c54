import { X } from 'lucide-react'

/** A picture that goes with the next message. */
export interface Attachment {
  readonly id: string
  readonly name: string
  /** An address of the picture within this page. */
  readonly url: string
}

export interface AttachmentsProps {
  readonly attachments: readonly Attachment[]
  readonly onDetach: ((id: string) => void) | undefined
}

export function Attachments({ attachments, onDetach }: AttachmentsProps) {
  if (attachments.length === 0) return null
  return (
    // biome-ignore lint/a11y/noRedundantRoles: Safari drops the role of a list without markers
    <ul role="list" className="hf-attachments" aria-label="Attached images">
      {attachments.map(({ id, name, url }) => (
        <li key={id}>
          <img src={url} alt={name} title={name} />
          <button type="button" aria-label={`Remove ${name}`} title={`Remove ${name}`} onClick={() => onDetach?.(id)}>
            <X size={12} strokeWidth={2.6} aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  )
}
