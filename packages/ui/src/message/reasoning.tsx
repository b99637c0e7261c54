import type { ReasoningPart } from '@holdfast/conversation'
import { Brain, ChevronRight } from 'lucide-react'
import { useState } from 'react'
import { MarkdownText } from '../markdown/markdown.tsx'

function lasted(part: ReasoningPart): string {
  if (part.startedAt === null || part.endedAt === null) return 'Reasoning'
  const seconds = Math.max(1, Math.round((part.endedAt - part.startedAt) / 1000))
  return seconds < 60 ? `Reasoned for ${seconds} s` : `Reasoned for ${Math.round(seconds / 60)} min`
}

/** Open while it is being written, closed afterwards, unless the reader said otherwise. */
export function Reasoning({ part, live }: { readonly part: ReasoningPart; readonly live: boolean }) {
  const [chosen, setChosen] = useState<boolean | null>(null)
  const open = chosen ?? live
  return (
    <details className="hf-fold" open={open}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary is the control of its details */}
      <summary
        onClick={(event) => {
          event.preventDefault()
          setChosen(!open)
        }}
      >
        <ChevronRight className="hf-chevron" size={15} aria-hidden />
        <Brain size={15} aria-hidden />
        {live ? 'Reasoning' : lasted(part)}
      </summary>
      {open && (
        <div className="hf-reasoning">
          <MarkdownText text={part.text} />
        </div>
      )}
    </details>
  )
}
