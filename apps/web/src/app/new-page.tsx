import { Composer } from '@holdfast/ui'
import { BookOpen, Clock, Table2 } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { QuestionFile } from '../answering/engine.ts'
import { pictureTypes } from '../pictures/read-pictures.ts'
import { useAttachments } from '../pictures/use-attachments.ts'
import { usesDemo } from '../settings/settings.ts'
import { ModelButton } from './model-button.tsx'
import { useServices, useSettings } from './services.tsx'
import { useLocalDraft } from './use-local-draft.ts'
import { navigate } from './use-route.ts'

const ideas = [
  { icon: Clock, title: 'What time is it?', note: 'Reasoning and a tool call' },
  { icon: BookOpen, title: 'Tell me a long story', note: 'Streaming: stop it, or watch it in a second window' },
  { icon: Table2, title: 'Show me markdown with code and a table', note: 'How answers look' },
]

export interface NewPageProps {
  readonly firstTime: boolean
  readonly onSettings: () => void
}

/** Nothing is created until something is said. */
export function NewPage({ firstTime, onSettings }: NewPageProps) {
  const { engine } = useServices()
  const demo = usesDemo(useSettings())
  const [text, setText] = useLocalDraft()
  const pictures = useAttachments()
  const [starting, setStarting] = useState(false)
  const [problem, setProblem] = useState<string | null>(null)
  const area = useRef<HTMLTextAreaElement>(null)
  useEffect(() => area.current?.focus(), [])

  const start = (question: string) => {
    if (starting) return
    setStarting(true)
    setProblem(null)
    const files: Promise<readonly QuestionFile[]> =
      pictures.attachments.length > 0 ? pictures.keep() : Promise.resolve([])
    files
      .then((kept) => engine.start({ text: question, files: kept }))
      .then(
        (id) => {
          setText('')
          navigate({ page: 'conversation', id })
        },
        (error: unknown) => {
          setStarting(false)
          setText(question)
          setProblem(error instanceof Error ? error.message : String(error))
        },
      )
  }

  return (
    <div className="app-start hf-scroll">
      <div className="app-hello">
        <img src="./icon.svg" alt="" />
        <h1>{firstTime ? 'Conversations that hold fast' : 'What shall we talk about?'}</h1>
        {firstTime && (
          <p>
            Everything you write is saved on this device first, shared live with your other windows, and sent to your
            relay when there is one. It works offline, and nothing is lost.
          </p>
        )}
      </div>
      <Composer
        ref={area}
        text={text}
        onChange={setText}
        onSend={start}
        disabled={starting ? 'Starting' : undefined}
        placeholder="Ask anything"
        attachments={pictures.attachments}
        onAttach={pictures.attach}
        onDetach={pictures.detach}
        accept={pictureTypes.join(',')}
        problem={pictures.problem}
      >
        <ModelButton onClick={onSettings} />
      </Composer>
      {problem && (
        <p className="app-result" data-ok="false" role="alert">
          Not saved: {problem}
        </p>
      )}
      {demo && (
        <div className="app-ideas">
          {ideas.map(({ icon: Icon, title, note }) => (
            <button key={title} type="button" className="app-idea" onClick={() => start(title)}>
              <Icon size={17} aria-hidden />
              <strong>{title}</strong>
              <span>{note}</span>
            </button>
          ))}
        </div>
      )}
      {demo && (
        <p className="app-note">
          The built-in demo model answers: a script, not an AI.
          <button type="button" onClick={onSettings}>
            Connect a real model
          </button>
        </p>
      )}
    </div>
  )
}
