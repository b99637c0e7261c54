import type { Part } from '@holdfast/conversation'
import { memo } from 'react'
import { MarkdownText } from '../markdown/markdown.tsx'
import { ArtifactView, FileView, SourceChips, UnknownView } from './other-parts.tsx'
import { Reasoning } from './reasoning.tsx'
import { ToolCallView } from './tool-call.tsx'

export interface PartListProps {
  readonly parts: readonly Part[]
  /** Somebody is writing this message now. */
  readonly live: boolean
  readonly onApprove?: (callId: string, approved: boolean) => void
}

interface PartViewProps {
  readonly part: Part
  readonly live: boolean
  readonly last: boolean
  readonly onApprove?: ((callId: string, approved: boolean) => void) | undefined
}

const renderParts = (parts: readonly Part[], live: boolean) => <PartList parts={parts} live={live} />

// Parts keep their identity while others stream, so only the part being written renders again.
const PartView = memo(function PartView({ part, live, last, onApprove }: PartViewProps) {
  switch (part.type) {
    case 'text':
      return part.text ? <MarkdownText text={part.text} /> : null
    case 'reasoning':
      return part.text ? <Reasoning part={part} live={live && last} /> : null
    case 'tool-call':
      return <ToolCallView part={part} live={live} renderParts={renderParts} {...(onApprove ? { onApprove } : {})} />
    case 'file':
      return <FileView part={part} />
    case 'artifact':
      return <ArtifactView part={part} />
    case 'error':
      return (
        <pre className="hf-data" data-tone="bad">
          {part.error.message}
        </pre>
      )
    case 'step-start':
    case 'source':
      return null
    case 'unknown':
      return <UnknownView title={part.originalType ?? 'unknown'} value={part.value} />
    default:
      return <UnknownView title={part.type.slice('data-'.length)} value={part.data} />
  }
})

/** The parts of a message in their order; sources are gathered at its end. */
export function PartList({ parts, live, onApprove }: PartListProps) {
  const sources = parts.filter((part) => part.type === 'source')
  return (
    <div className="hf-parts">
      {parts.map((part, index) => (
        <PartView key={part.id} part={part} live={live} last={index === parts.length - 1} onApprove={onApprove} />
      ))}
      {sources.length > 0 && <SourceChips sources={sources} />}
    </div>
  )
}
