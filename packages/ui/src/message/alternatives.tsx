import type { Alternatives } from '@holdfast/conversation'
import { ChevronLeft, ChevronRight, GitBranch } from 'lucide-react'
import { IconButton } from '../controls/button.tsx'

export interface AlternativesProps {
  readonly alternatives: Alternatives
  readonly onSelect: (messageId: string) => void
}

/** `2 / 3` with a step to each side, and a badge when another of them was continued. */
export function AlternativesView({ alternatives, onSelect }: AlternativesProps) {
  const { ids, index, count, continuedElsewhere } = alternatives
  const go = (to: number) => {
    const id = ids[to]
    if (id !== undefined) onSelect(id)
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be a form's
    <span className="hf-alternatives" role="group" aria-label={`Alternative ${index + 1} of ${count}`}>
      <IconButton label="Previous alternative" size="small" disabled={index === 0} onClick={() => go(index - 1)}>
        <ChevronLeft size={15} aria-hidden />
      </IconButton>
      <span>
        {index + 1} / {count}
      </span>
      <IconButton label="Next alternative" size="small" disabled={index === count - 1} onClick={() => go(index + 1)}>
        <ChevronRight size={15} aria-hidden />
      </IconButton>
      {continuedElsewhere && (
        <span className="hf-badge" data-tone="accent" title="The conversation goes on below another alternative too">
          <GitBranch size={12} aria-hidden />
          continued elsewhere
        </span>
      )}
    </span>
  )
}
