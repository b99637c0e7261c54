import type { Part, ToolCallPart } from '@holdfast/conversation'
import { Ban, Check, ChevronRight, CircleAlert, Hand, LoaderCircle, Wrench } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { Button } from '../controls/button.tsx'
import { SubagentView } from './subagent.tsx'
import { gist, readableName, showJson, toolStates } from './tool-state.ts'

export interface ToolCallProps {
  readonly part: ToolCallPart
  /** False when nobody runs it any more: what looks like running was interrupted. */
  readonly live: boolean
  readonly onApprove?: (callId: string, approved: boolean) => void
  /** Renders the parts of a subagent's messages; handed in, because those hold tool calls again. */
  readonly renderParts: RenderParts
}

export type RenderParts = (parts: readonly Part[], live: boolean) => ReactNode

function StateIcon({ part, running }: { readonly part: ToolCallPart; readonly running: boolean }) {
  if (running) return <LoaderCircle className="hf-spin" size={13} aria-hidden />
  switch (part.state) {
    case 'output-available':
      return <Check size={13} aria-hidden />
    case 'output-error':
      return <CircleAlert size={13} aria-hidden />
    case 'approval-requested':
      return <Hand size={13} aria-hidden />
    default:
      return <Ban size={13} aria-hidden />
  }
}

function Block({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div>
      <h4>{title}</h4>
      {children}
    </div>
  )
}

function Approval({ part, onApprove }: Pick<ToolCallProps, 'part' | 'onApprove'>) {
  const { approval } = part
  if (!approval) return null
  if (approval.approved !== null) {
    return (
      <p className="hf-hint">
        {approval.approved ? 'You allowed this.' : 'You did not allow this.'} {approval.reason ?? ''}
      </p>
    )
  }
  if (!onApprove) return <p className="hf-hint">It waits for an answer in the window that runs it.</p>
  return (
    <div className="hf-banner-actions">
      <Button kind="primary" size="small" onClick={() => onApprove(part.callId, true)}>
        Allow
      </Button>
      <Button size="small" onClick={() => onApprove(part.callId, false)}>
        Do not allow
      </Button>
    </div>
  )
}

/** A tool call as a card: what was asked, how it stands, what came back; subagents are inside it. */
export function ToolCallView(props: ToolCallProps) {
  const { part, live } = props
  const [chosen, setChosen] = useState<boolean | null>(null)
  const unfinished = ['input-streaming', 'input-available', 'approval-responded'].includes(part.state)
  const running = unfinished && live
  const [text, tone] = unfinished && !live ? (['Interrupted', 'warn'] as const) : toolStates[part.state]
  const open =
    chosen ?? (part.state === 'approval-requested' || part.state === 'output-error' || part.children.length > 0)
  const input = part.input === null ? part.inputText : showJson(part.input)
  const output = part.output === null ? part.outputText : showJson(part.output)
  return (
    <details className="hf-card" open={open}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: a summary is the control of its details */}
      <summary
        onClick={(event) => {
          event.preventDefault()
          setChosen(!open)
        }}
      >
        <span className="hf-card-icon">
          <Wrench size={16} aria-hidden />
        </span>
        <span className="hf-card-title">
          <strong>{part.title ?? readableName(part.name)}</strong>
          <span className="hf-truncate">{gist(part.input)}</span>
        </span>
        <span className="hf-badge" data-tone={tone}>
          <StateIcon part={part} running={running} />
          {text}
        </span>
        <ChevronRight className="hf-chevron" size={16} aria-hidden />
      </summary>
      {open && (
        <div className="hf-card-body">
          {input && (
            <Block title="Input">
              <pre className="hf-data hf-scroll">{input}</pre>
            </Block>
          )}
          <Approval part={part} {...(props.onApprove ? { onApprove: props.onApprove } : {})} />
          {part.children.map((child) => (
            <SubagentView key={child.id} subagent={child} live={live} renderParts={props.renderParts} />
          ))}
          {output && (
            <Block title="Output">
              <pre className="hf-data hf-scroll">{output}</pre>
            </Block>
          )}
          {part.errorText && (
            <Block title="Error">
              <pre className="hf-data hf-scroll" data-tone="bad">
                {part.errorText}
              </pre>
            </Block>
          )}
        </div>
      )}
    </details>
  )
}
