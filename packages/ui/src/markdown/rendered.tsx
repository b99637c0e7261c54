import type { ComponentProps } from 'react'
import { memo, useRef } from 'react'
import Markdown from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { CopyButton } from './copy-button.tsx'

function CodeBlock({ children }: ComponentProps<'pre'>) {
  const pre = useRef<HTMLPreElement>(null)
  const code = (Array.isArray(children) ? children[0] : children) as { props?: { className?: string } } | undefined
  const language = /language-(\S+)/.exec(code?.props?.className ?? '')?.[1] ?? 'text'
  return (
    <div className="hf-code">
      <div className="hf-code-head">
        <span>{language}</span>
        <CopyButton label="Copy code" text={() => pre.current?.textContent ?? ''} />
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard */}
      <pre ref={pre} className="hf-scroll" tabIndex={0}>
        {children}
      </pre>
    </div>
  )
}

const components = {
  pre: CodeBlock,
  a: ({ node: _, ...rest }: ComponentProps<'a'> & { node?: unknown }) => (
    <a {...rest} target="_blank" rel="noreferrer noopener" />
  ),
  table: ({ node: _, ...rest }: ComponentProps<'table'> & { node?: unknown }) => (
    <div className="hf-table hf-scroll">
      <table {...rest} />
    </div>
  ),
  // An answer must not be able to call home: pictures from elsewhere are links until the reader follows them.
  img: ({ src, alt }: ComponentProps<'img'> & { node?: unknown }) => (
    <a href={String(src)} target="_blank" rel="noreferrer noopener">
      {alt || 'Picture'}
    </a>
  ),
}
const plugins = [remarkGfm]

/** One block of markdown. Raw HTML is shown as text, never interpreted. */
export const RenderedBlock = memo(function RenderedBlock({ text }: { readonly text: string }) {
  return (
    <div>
      <Markdown remarkPlugins={plugins} components={components}>
        {text}
      </Markdown>
    </div>
  )
})
