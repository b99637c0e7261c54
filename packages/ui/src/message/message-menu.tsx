import type { Message } from '@holdfast/conversation'
import { GitFork, Trash2, Undo2 } from 'lucide-react'
import { Button } from '../controls/button.tsx'
import type { MenuItem } from '../controls/menu.tsx'
import { Menu } from '../controls/menu.tsx'
import type { MessageActions } from './actions.ts'

export interface MessageMenuProps {
  readonly message: Message
  readonly actions: MessageActions
}

/** What is done with a message once in a while. */
export function MessageMenu({ message, actions }: MessageMenuProps) {
  if (!actions.fork && !actions.delete) return null
  const items = (): MenuItem[] => {
    const fork: MenuItem = {
      label: 'Fork from here',
      icon: <GitFork size={15} />,
      onSelect: () => actions.fork?.(message),
    }
    const remove: MenuItem = {
      label: 'Delete message',
      icon: <Trash2 size={15} />,
      danger: true,
      separated: actions.fork !== undefined,
      onSelect: () => actions.delete?.(message),
    }
    return [...(actions.fork ? [fork] : []), ...(actions.delete ? [remove] : [])]
  }
  return <Menu label="More" size="small" items={items} />
}

/** Where a message was. It keeps its place, so that what followed it still does. */
export function Tombstone({ message, actions }: MessageMenuProps) {
  return (
    <div className="hf-tombstone">
      <Trash2 size={14} aria-hidden />
      <p>This message was deleted.</p>
      {actions.restore && (
        <Button kind="quiet" size="small" onClick={() => actions.restore?.(message)}>
          <Undo2 size={14} aria-hidden />
          Restore
        </Button>
      )}
    </div>
  )
}
