import type { ArtifactPart, FilePart, JsonValue, SourcePart } from '@holdfast/conversation'
import { Braces, File, FileText, Link, Shapes } from 'lucide-react'
import { CopyButton } from '../markdown/copy-button.tsx'
import { BlobPicture, Picture } from '../pictures/picture.tsx'
import { useArtifact } from './shown-conversation.ts'
import { showJson } from './tool-state.ts'

/** Only what a click can open without running anything. */
const isSafe = (url: string): boolean => /^(https?|mailto):/i.test(url)
const isPicture = (url: string): boolean => /^(blob:|data:image\/(png|jpe?g|gif|webp|avif);)/i.test(url)

/** What a browser draws without running anything: SVG is a program. */
const isImage = (mediaType: string): boolean => /^image\/(png|jpe?g|gif|webp|avif|bmp)$/i.test(mediaType)

export function FileView({ part }: { readonly part: FilePart }) {
  const name = part.filename ?? part.mediaType
  if (part.url && part.mediaType.startsWith('image/') && isPicture(part.url)) {
    return <Picture url={part.url} name={name} />
  }
  if (part.blob && isImage(part.mediaType)) return <BlobPicture sha256={part.blob.sha256} name={name} />
  const content = (
    <>
      <File size={15} aria-hidden />
      <span className="hf-truncate">{name}</span>
      {part.blob?.size != null && <span className="hf-hint">{Math.ceil(part.blob.size / 1024)} KB</span>}
    </>
  )
  if (part.url && isSafe(part.url)) {
    return (
      <a className="hf-chip" href={part.url} target="_blank" rel="noreferrer noopener">
        {content}
      </a>
    )
  }
  return (
    <div className="hf-chip-row">
      <span className="hf-chip">{content}</span>
    </div>
  )
}

export function SourceChips({ sources }: { readonly sources: readonly SourcePart[] }) {
  return (
    <div className="hf-chip-row">
      {sources.map((source) => {
        const Icon = source.sourceType === 'url' ? Link : FileText
        const name = source.title ?? source.filename ?? source.url ?? source.sourceId
        const content = (
          <>
            <Icon size={14} aria-hidden />
            <span className="hf-truncate">{name}</span>
          </>
        )
        return source.url && isSafe(source.url) ? (
          <a key={source.id} className="hf-chip" href={source.url} target="_blank" rel="noreferrer noopener">
            {content}
          </a>
        ) : (
          <span key={source.id} className="hf-chip">
            {content}
          </span>
        )
      })}
    </div>
  )
}

/** What an answer made: its title, and its text one press away. */
export function ArtifactView({ part }: { readonly part: ArtifactPart }) {
  const artifact = useArtifact(part.artifact)
  const title = artifact?.title || 'Artifact'
  return (
    <details className="hf-card">
      <summary>
        <span className="hf-card-icon">
          <Shapes size={16} aria-hidden />
        </span>
        <span className="hf-card-title">
          <strong className="hf-truncate">{title}</strong>
          <span>{artifact ? (artifact.language ?? artifact.kind) : 'deleted'}</span>
        </span>
        {artifact && <CopyButton label="Copy" text={() => artifact.text} />}
      </summary>
      {artifact?.text && (
        <div className="hf-card-body">
          <pre className="hf-data hf-scroll">{artifact.text}</pre>
        </div>
      )}
    </details>
  )
}

/** Something another program put here. It is kept as it is, and shown as it is. */
export function UnknownView({ title, value }: { readonly title: string; readonly value: JsonValue }) {
  return (
    <details className="hf-card">
      <summary>
        <span className="hf-card-icon">
          <Braces size={16} aria-hidden />
        </span>
        <span className="hf-card-title">
          <strong>{title}</strong>
        </span>
      </summary>
      <div className="hf-card-body">
        <pre className="hf-data hf-scroll">{showJson(value)}</pre>
      </div>
    </details>
  )
}
