import { useAside, useStore } from '@holdfast/react'
import type { AsideItem } from '@holdfast/store'
import { Button, Dialog, sentence, useToast } from '@holdfast/ui'
import { Download, RotateCcw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { saveFile } from '../app/conversation-actions.ts'
import { navigate } from '../app/use-route.ts'

const time = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

const reasons: Readonly<Record<string, string>> = {
  EPOCH_PURGED: 'It was deleted for ever elsewhere before these changes of this device were sent.',
  GAP: 'The relay lacks something that this builds on.',
  BAD_UPDATE: 'The relay cannot read it.',
  TOO_LARGE: 'It is larger than the relay takes.',
  TOO_COSTLY: 'With it the conversation would be too costly for the relay to hold.',
}

function reasonText({ code, message }: AsideItem['reason']): string {
  return reasons[code] ?? sentence(message)
}

interface ItemProps {
  readonly item: AsideItem
  readonly run: (work: Promise<unknown>) => void
  readonly onRestored: (id: string) => void
}

function Item({ item, run, onRestored }: ItemProps) {
  const { aside } = useStore()
  const [discarding, setDiscarding] = useState(false)
  const title = item.title || 'Untitled'
  return (
    <li className="app-aside">
      <div>
        <strong>{title}</strong>
        <p>{reasonText(item.reason)}</p>
        <time dateTime={new Date(item.at).toISOString()}>Set aside {time.format(item.at)}</time>
      </div>
      <div className="hf-banner-actions">
        {discarding ? (
          <>
            <span className="hf-hint">This device has the only copy.</span>
            <Button size="small" onClick={() => setDiscarding(false)}>
              Keep
            </Button>
            <Button size="small" kind="danger" onClick={() => run(aside.discard(item.key))}>
              Discard for ever
            </Button>
          </>
        ) : (
          <>
            <Button size="small" kind="primary" onClick={() => run(aside.restore(item.key).then(onRestored))}>
              <RotateCcw size={14} aria-hidden />
              Restore as new
            </Button>
            <Button size="small" onClick={() => run(aside.export(item.key).then(saveFile))}>
              <Download size={14} aria-hidden />
              Download
            </Button>
            <Button size="small" kind="quiet" onClick={() => setDiscarding(true)}>
              <Trash2 size={14} aria-hidden />
              Discard
            </Button>
          </>
        )}
      </div>
    </li>
  )
}

/** What this device holds and the relay will not take, until a person decides. */
export function AsideDialog({ onClose }: { readonly onClose: () => void }) {
  const items = useAside()
  const toast = useToast()
  const run = (work: Promise<unknown>) => {
    work.catch((error: unknown) => toast({ text: error instanceof Error ? error.message : String(error) }))
  }
  const restored = (id: string) => {
    onClose()
    navigate({ page: 'conversation', id })
  }
  return (
    <Dialog title="Set aside" onClose={onClose}>
      {items.length === 0 ? (
        <p className="hf-hint">Nothing is set aside: everything is in its conversation.</p>
      ) : (
        <>
          <p className="hf-hint">
            These could not be sent, and are kept on this device until you decide. Nothing is deleted by itself.
          </p>
          {/* biome-ignore lint/a11y/noRedundantRoles: Safari drops the role of a list without markers */}
          <ul role="list" className="app-asides" aria-label="Set aside">
            {items.map((item) => (
              <Item key={item.key} item={item} run={run} onRestored={restored} />
            ))}
          </ul>
        </>
      )}
    </Dialog>
  )
}
