import { useConversations, useStoreStatus } from '@holdfast/react'
import type { ListItem } from '@holdfast/store'
import type { ListView, MenuItem } from '@holdfast/ui'
import { Button, ConversationList, IconButton, titleOf } from '@holdfast/ui'
import {
  Archive,
  ArchiveRestore,
  ArrowLeft,
  CircleQuestionMark,
  Download,
  PanelLeftClose,
  Pencil,
  Pin,
  PinOff,
  Plus,
  Search,
  Settings2,
  Trash2,
  Undo2,
} from 'lucide-react'
import type { Ref } from 'react'
import { useCallback, useDeferredValue, useMemo, useState } from 'react'
import { wishRename } from './rename.ts'
import type { Route } from './route.ts'
import { routeAddress } from './route.ts'
import { shortcutText } from './shortcuts.ts'
import { useConversationActions } from './use-conversation-actions.ts'
import { usePurgeDialog } from './use-purge-dialog.tsx'
import { navigate } from './use-route.ts'
import { useToday } from './use-today.ts'

export interface SidebarProps {
  readonly route: Route
  readonly searchRef: Ref<HTMLInputElement>
  readonly onNew: () => void
  readonly onSettings: () => void
  readonly onHelp: () => void
  readonly onClose: () => void
  readonly onOpened: () => void
}

const hrefOf = (id: string): string => routeAddress({ page: 'conversation', id })
const viewNames: Record<Exclude<ListView, 'current'>, string> = { trash: 'Trash', archive: 'Archive' }

export function Sidebar(props: SidebarProps) {
  const { route, onOpened } = props
  const items = useConversations()
  const relay = useStoreStatus().relay
  const actions = useConversationActions()
  const { ask: purge, dialog } = usePurgeDialog()
  const now = useToday()
  const [query, setQuery] = useState('')
  const filter = useDeferredValue(query)
  const [view, setView] = useState<ListView>(
    route.page === 'trash' || route.page === 'archive' ? route.page : 'current',
  )
  const selected = route.page === 'conversation' ? route.id : null

  const open = useCallback(
    (id: string) => {
      navigate({ page: 'conversation', id })
      onOpened()
    },
    [onOpened],
  )
  const menuOf = useCallback(
    (item: ListItem): MenuItem[] => {
      const { id, summary } = item
      const title = titleOf(item)
      const download = { label: 'Download', icon: <Download size={15} />, onSelect: () => actions.download(id) }
      if (summary.deletedAt !== null) {
        return [
          { label: 'Restore', icon: <Undo2 size={15} />, onSelect: () => actions.restore(id) },
          download,
          {
            label: 'Delete for ever',
            icon: <Trash2 size={15} />,
            danger: true,
            separated: true,
            onSelect: () => purge([{ id, title }]),
          },
        ]
      }
      return [
        {
          label: 'Rename',
          icon: <Pencil size={15} />,
          onSelect: () => {
            open(id)
            wishRename(id)
          },
        },
        {
          label: summary.pinned ? 'Unpin' : 'Pin',
          icon: summary.pinned ? <PinOff size={15} /> : <Pin size={15} />,
          onSelect: () => actions.pin(id, !summary.pinned),
        },
        {
          label: summary.archived ? 'Take out of the archive' : 'Archive',
          icon: summary.archived ? <ArchiveRestore size={15} /> : <Archive size={15} />,
          onSelect: () => actions.archive(id, !summary.archived),
        },
        download,
        {
          label: 'Move to trash',
          icon: <Trash2 size={15} />,
          danger: true,
          separated: true,
          onSelect: () => actions.trash(id, title),
        },
      ]
    },
    [actions, open, purge],
  )

  const trashed = useMemo(
    () =>
      view !== 'trash'
        ? []
        : items
            .filter(({ summary }) => summary.deletedAt !== null)
            .map((item) => ({ id: item.id, title: titleOf(item) })),
    [items, view],
  )

  return (
    <nav className="app-side" aria-label="Conversations and settings">
      <div className="app-side-inner">
        <div className="app-brand">
          <a href="#/">
            <img src="./icon.svg" alt="" />
            Holdfast
          </a>
          <IconButton label="Hide the list" shortcut={shortcutText('side')} onClick={props.onClose}>
            <PanelLeftClose size={18} aria-hidden />
          </IconButton>
        </div>
        <div className="app-new">
          <Button
            onClick={props.onNew}
            aria-label="New conversation"
            title={`New conversation (${shortcutText('new')})`}
          >
            <Plus size={16} aria-hidden />
            New conversation
          </Button>
        </div>
        <div className="hf-search">
          <Search size={15} aria-hidden />
          <input
            ref={props.searchRef}
            type="search"
            className="hf-input"
            aria-label="Search titles"
            placeholder="Search"
            value={query}
            onChange={(event) => setQuery(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape') setQuery('')
            }}
          />
        </div>
        {view !== 'current' && (
          <div className="app-view-head">
            <IconButton label="Back to conversations" size="small" onClick={() => setView('current')}>
              <ArrowLeft size={16} aria-hidden />
            </IconButton>
            {viewNames[view]}
            {view === 'trash' && trashed.length > 0 && (
              <>
                <span className="app-fill" />
                <Button size="small" kind="quiet" onClick={() => purge(trashed)}>
                  Empty trash
                </Button>
              </>
            )}
          </div>
        )}
        <ConversationList
          items={items}
          view={view}
          query={filter}
          selected={selected}
          now={now}
          showWaiting={relay === 'offline' || relay === 'refused'}
          hrefOf={hrefOf}
          onOpen={open}
          onDelete={(item) => {
            if (item.summary.deletedAt === null) actions.trash(item.id, titleOf(item))
            else purge([{ id: item.id, title: titleOf(item) }])
          }}
          menuOf={menuOf}
        />
        <div className="app-side-foot">
          <IconButton
            label="Archive"
            aria-pressed={view === 'archive'}
            onClick={() => setView(view === 'archive' ? 'current' : 'archive')}
          >
            <Archive size={17} aria-hidden />
          </IconButton>
          <IconButton
            label="Trash"
            aria-pressed={view === 'trash'}
            onClick={() => setView(view === 'trash' ? 'current' : 'trash')}
          >
            <Trash2 size={17} aria-hidden />
          </IconButton>
          <span className="app-fill" />
          <IconButton label="Keyboard shortcuts" shortcut="?" onClick={props.onHelp}>
            <CircleQuestionMark size={17} aria-hidden />
          </IconButton>
          <IconButton label="Settings" shortcut={shortcutText('settings')} onClick={props.onSettings}>
            <Settings2 size={17} aria-hidden />
          </IconButton>
        </div>
      </div>
      {dialog}
    </nav>
  )
}
