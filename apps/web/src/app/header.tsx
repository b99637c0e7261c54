import { setTitle } from '@holdfast/conversation'
import { useConversationData, usePresence, useStatus, useStoreStatus, useStreamingMessage } from '@holdfast/react'
import type { OpenConversation } from '@holdfast/store'
import type { MenuItem } from '@holdfast/ui'
import { Menu, PresenceAvatars, StatusLine } from '@holdfast/ui'
import { Archive, ArchiveRestore, Download, Pencil, Pin, PinOff, Trash2, Undo2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useEffect, useState } from 'react'
import { onRenameWish } from './rename.ts'
import { useConversationActions } from './use-conversation-actions.ts'
import { usePurgeDialog } from './use-purge-dialog.tsx'
import { useStructure } from './use-structure.ts'

export interface HeaderProps {
  readonly conversation: OpenConversation
  readonly id: string
  readonly narrow: boolean
  /** What opens the list when it is hidden. */
  readonly start: ReactNode
}

function TitleInput({ title, onDone }: { readonly title: string; readonly onDone: (title: string | null) => void }) {
  const [value, setValue] = useState(title)
  return (
    <input
      className="hf-input app-title-input"
      aria-label="Title"
      value={value}
      maxLength={200}
      // biome-ignore lint/a11y/noAutofocus: the reader has just asked to rename
      autoFocus
      onFocus={(event) => event.target.select()}
      onChange={(event) => setValue(event.target.value)}
      onBlur={() => onDone(value.trim())}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return
        if (event.key === 'Enter') event.currentTarget.blur()
        if (event.key === 'Escape') {
          event.stopPropagation()
          onDone(null)
        }
      }}
    />
  )
}

export function Header({ conversation, id, narrow, start }: HeaderProps) {
  const actions = useConversationActions()
  const meta = useConversationData(conversation, (data) => data.meta)
  const writable = useConversationData(conversation, (data) => data.writable)
  const status = useStatus(conversation)
  const space = useStoreStatus()
  const peers = usePresence(conversation)
  const streaming = useStreamingMessage(conversation)
  const structure = useStructure(conversation)
  const [renaming, setRenaming] = useState(false)
  const title = meta.title || 'Untitled'
  const purge = usePurgeDialog()
  useEffect(() => {
    document.title = `${title} · Holdfast`
    return () => {
      document.title = 'Holdfast'
    }
  }, [title])
  useEffect(() => onRenameWish(id, () => setRenaming(writable)), [id, writable])

  const items = (): MenuItem[] => {
    const download: MenuItem = {
      label: 'Download',
      icon: <Download size={15} />,
      onSelect: () => actions.download(id),
    }
    const forEver: MenuItem = {
      label: 'Delete for ever',
      icon: <Trash2 size={15} />,
      danger: true,
      onSelect: () => purge.ask([{ id, title }]),
    }
    if (!writable) return [download]
    return [
      { label: 'Rename', icon: <Pencil size={15} />, onSelect: () => setRenaming(true) },
      {
        label: meta.pinned ? 'Unpin' : 'Pin',
        icon: meta.pinned ? <PinOff size={15} /> : <Pin size={15} />,
        onSelect: () => actions.pin(id, !meta.pinned),
      },
      {
        label: meta.archived ? 'Take out of the archive' : 'Archive',
        icon: meta.archived ? <ArchiveRestore size={15} /> : <Archive size={15} />,
        onSelect: () => actions.archive(id, !meta.archived),
      },
      download,
      meta.deletedAt === null
        ? {
            label: 'Move to trash',
            icon: <Trash2 size={15} />,
            danger: true,
            separated: true,
            onSelect: () => actions.trash(id, title),
          }
        : { label: 'Restore', icon: <Undo2 size={15} />, separated: true, onSelect: () => actions.restore(id) },
      ...(meta.deletedAt === null ? [] : [forEver]),
    ]
  }

  return (
    <header className="app-head" data-narrow={narrow}>
      {start}
      <div className="app-head-title">
        {renaming ? (
          <TitleInput
            title={meta.title}
            onDone={(next) => {
              setRenaming(false)
              if (next && next !== meta.title) conversation.edit((doc) => setTitle(doc, { title: next, by: 'user' }))
            }}
          />
        ) : (
          <h1
            className="app-title hf-truncate"
            title={writable ? 'Double-click to rename' : title}
            onDoubleClick={() => setRenaming(writable)}
          >
            {title}
          </h1>
        )}
        <StatusLine status={status} space={space} streaming={streaming !== null} structure={structure} />
      </div>
      <PresenceAvatars peers={peers} />
      <Menu label="Conversation actions" items={items} />
      {purge.dialog}
    </header>
  )
}
