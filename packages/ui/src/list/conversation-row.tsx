import type { ListItem } from '@holdfast/store'
import { CircleAlert, CirclePause, CloudUpload, LoaderCircle, Pin } from 'lucide-react'
import { memo } from 'react'
import type { MenuItem } from '../controls/menu.tsx'
import { Menu } from '../controls/menu.tsx'
import { nameOf, titleOf } from './sections.ts'

export interface ConversationRowProps {
  readonly item: ListItem
  readonly index: number
  /** Of this item among all items, from 1, and how many there are: most of them are not in the page. */
  readonly position: number
  readonly size: number
  readonly top: number
  readonly height: number
  readonly selected: boolean
  readonly tabbable: boolean
  readonly showWaiting: boolean
  readonly href: string
  readonly onOpen: ((id: string) => void) | undefined
  readonly menuOf: (item: ListItem) => readonly MenuItem[]
}

function Mark({ item, waiting }: { readonly item: ListItem; readonly waiting: boolean }) {
  const { streaming, failed, pinned } = item.summary
  if (item.interrupted) return <CirclePause size={14} />
  if (streaming) return <LoaderCircle className="hf-spin" size={14} />
  if (failed) return <CircleAlert size={14} />
  if (waiting) return <CloudUpload size={14} />
  return pinned ? <Pin size={13} /> : null
}

export const ConversationRow = memo(function ConversationRow(props: ConversationRowProps) {
  const { item, index, top, height, selected, tabbable, onOpen } = props
  const waiting = props.showWaiting && item.status === 'waiting'
  const name = nameOf(item, waiting)
  return (
    <li
      className="hf-row"
      style={{ transform: `translateY(${top}px)`, height }}
      aria-label={name}
      aria-setsize={props.size}
      aria-posinset={props.position}
    >
      <a
        className="hf-item"
        id={`hf-item-${item.id}`}
        href={props.href}
        aria-label={name}
        aria-current={selected ? 'page' : undefined}
        tabIndex={tabbable ? 0 : -1}
        data-index={index}
        data-id={item.id}
        onClick={(event) => {
          if (!onOpen || event.metaKey || event.ctrlKey || event.shiftKey) return
          event.preventDefault()
          onOpen(item.id)
        }}
      >
        <span className="hf-truncate" title={titleOf(item)}>
          {titleOf(item)}
        </span>
        <span className="hf-item-mark" aria-hidden>
          <Mark item={item} waiting={waiting} />
        </span>
      </a>
      <Menu label="Actions" size="small" tabIndex={tabbable ? 0 : -1} items={() => props.menuOf(item)} />
    </li>
  )
})
