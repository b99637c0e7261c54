import { memo, useMemo, useSyncExternalStore } from 'react'
import { splitBlocks } from './blocks.ts'

type Rendered = typeof import('./rendered.tsx')

let rendered: Rendered | null = null
let loading: Promise<void> | null = null
const waiting = new Set<() => void>()

/**
 * Fetches the markdown renderer, which is kept out of the start-up bundle. Until it is there, text is shown as it was
 * written; a failure (offline before the first visit was complete) leaves it so, and the next call tries again.
 */
export function loadMarkdown(): Promise<void> {
  loading ??= import('./rendered.tsx').then(
    (module) => {
      rendered = module
      for (const tell of waiting) tell()
    },
    () => {
      loading = null
    },
  )
  return loading
}

function subscribe(tell: () => void): () => void {
  waiting.add(tell)
  if (!rendered) void loadMarkdown()
  return () => waiting.delete(tell)
}

const current = () => rendered

export const MarkdownText = memo(function MarkdownText({ text }: { readonly text: string }) {
  const module = useSyncExternalStore(subscribe, current, current)
  const blocks = useMemo(() => splitBlocks(text), [text])
  if (!module) return <div className="hf-markdown hf-markdown-plain">{text}</div>
  const { RenderedBlock } = module
  return (
    <div className="hf-markdown">
      {blocks.map((block, index) => (
        // Blocks are only ever appended to, so their place is their identity.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <RenderedBlock key={index} text={block} />
      ))}
    </div>
  )
})
