import type { Part, Subagent, SubagentState } from '@holdfast/conversation'
import { Bot, ChevronRight } from 'lucide-react'
import type { ReactNode } from 'react'
import { Fragment, useState } from 'react'
import type { Tone } from './tool-state.ts'
import { showJson } from './tool-state.ts'

const states: Record<SubagentState, readonly [text: string, tone: Tone]> = {
  running: ['Working', 'accent'],
  complete: ['Done', 'good'],
  error: ['Failed', 'bad'],
  cancelled: ['Cancelled', 'warn'],
  interrupted: ['Interrupted', 'warn'],
}

export interface SubagentProps {
  readonly subagent: Subagent
  readonly live: boolean
  readonly renderParts: (parts: readonly Part[], live: boolean) => ReactNode
}

/** A subagent and its own messages, folded; it can hold tool calls with subagents again. */
export function SubagentView({ subagent, live, renderParts }: SubagentProps) {
  const [open, setOpen] = useState(false)
  const state = subagent.state === 'running' && !live ? 'interrupted' : subagent.state
  const [text, tone] = states[state]
  return (
    <details className="hf-fold hf-subagent" open={open}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary is the control of its details */}
      <summary
        onClick={(event) => {
          event.preventDefault()
          setOpen(!open)
        }}
      >
        <ChevronRight className="hf-chevron" size={15} aria-hidden />
        <Bot size={15} aria-hidden />
        {subagent.name || 'Subagent'}
        <span className="hf-badge" data-tone={tone}>
          {text}
        </span>
      </summary>
      {open && (
        <div className="hf-card-body">
          {subagent.prompt && <p className="hf-hint">{subagent.prompt}</p>}
          {subagent.messages.map((message) => (
            <Fragment key={message.id}>{renderParts(message.parts, live && message.status === 'streaming')}</Fragment>
          ))}
          {subagent.truncated && <p className="hf-hint">Nested too deeply to be shown.</p>}
          {subagent.error && <p className="hf-hint">{subagent.error.message}</p>}
          {subagent.result !== null && <pre className="hf-data hf-scroll">{showJson(subagent.result)}</pre>}
        </div>
      )}
    </details>
  )
}
