import type { ListItem } from '@holdfast/store'
import type { KeyboardEvent } from 'react'
import { useLayoutEffect, useMemo, useRef } from 'react'
import type { MenuItem } from '../controls/menu.tsx'
import { ConversationRow } from './conversation-row.tsx'
import { topsOf } from './layout.ts'
import type { ListView } from './sections.ts'
import { filterByTitle, listRows } from './sections.ts'
import { useRowsInSight } from './use-rows-in-sight.ts'

export interface ConversationListProps {
  readonly items: readonly ListItem[]
  readonly view: ListView
  /** Only titles with these words. */
  readonly query: string
  readonly selected: string | null
  /** Milliseconds since the epoch, for the sections by day. */
  readonly now: number
  /** Marks what the relay does not have yet; for when there is a relay. */
  readonly showWaiting: boolean
  readonly hrefOf: (id: string) => string
  /** Takes over a plain click; without it the row is an ordinary link. */
  readonly onOpen?: (id: string) => void
  readonly onDelete?: (item: ListItem) => void
  readonly menuOf: (item: ListItem) => readonly MenuItem[]
}

const emptyTexts: Record<ListView, string> = {
  current: 'Conversations you start appear here.',
  archive: 'Nothing is archived.',
  trash: 'The trash is empty.',
}

/** The conversations of a space. Only the rows in sight are in the page, so 10,000 cost what 30 do. */
export function ConversationList(props: ConversationListProps) {
  const { items, view, query, selected, now, onDelete } = props
  const rows = useMemo(() => listRows(filterByTitle(items, query), view, now), [items, query, view, now])
  const scroller = useRef<HTMLDivElement>(null)
  const tops = useMemo(() => topsOf(rows), [rows])
  const { start, end, reveal } = useRowsInSight(scroller, tops)

  const headings = useMemo(() => rows.flatMap((row, index) => (row.kind === 'section' ? [index] : [])), [rows])
  const current = useMemo(() => rows.findIndex((row) => row.key === selected), [rows, selected])
  const shown = rows.slice(start, end)
  const firstShown = start + shown.findIndex((row) => row.kind === 'item')
  const tabbable = current >= start && current < end ? current : firstShown

  const awaited = useRef<number | null>(null)
  const focusAwaited = () => {
    const link = scroller.current?.querySelector<HTMLElement>(`a[data-index="${awaited.current}"]`)
    if (!link) return
    awaited.current = null
    link.focus()
  }
  // A row far away is only in the page once the scroll has been seen and drawn, however long that takes.
  useLayoutEffect(focusAwaited)
  const focusRow = (index: number) => {
    awaited.current = index
    reveal(index)
    focusAwaited()
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const link = (event.target as HTMLElement).closest<HTMLElement>('a[data-index]')
    if (!link) return
    const at = Number(link.dataset.index)
    const row = rows[at]
    if (event.key === 'Delete' && row?.kind === 'item' && onDelete) {
      event.preventDefault()
      onDelete(row.item)
      return
    }
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    const toEnd = event.key === 'Home' || event.key === 'End'
    if (step === 0 && !toEnd) return
    event.preventDefault()
    const way = step || (event.key === 'Home' ? 1 : -1)
    let next = toEnd ? (event.key === 'Home' ? 0 : rows.length - 1) : at + step
    while (rows[next] && rows[next]?.kind !== 'item') next += way
    if (rows[next]) focusRow(next)
  }

  return (
    <div className="hf-list">
      <div ref={scroller} className="hf-list-scroll hf-scroll">
        {rows.length === 0 && <p className="hf-list-empty">{query ? `No title has “${query}”.` : emptyTexts[view]}</p>}
        <ul
          // biome-ignore lint/a11y/noRedundantRoles: Safari drops the role of a list without markers
          role="list"
          aria-label="Conversations"
          className="hf-list-rows"
          style={{ height: tops[rows.length] }}
          onKeyDown={onKeyDown}
        >
          {shown.map((row, place) => {
            const index = start + place
            const top = tops[index] ?? 0
            const height = (tops[index + 1] ?? top) - top
            if (row.kind === 'section') {
              return (
                <li
                  key={row.key}
                  role="presentation"
                  className="hf-row"
                  data-kind="section"
                  style={{ transform: `translateY(${top}px)`, height }}
                >
                  <h3 className="hf-section">{row.title}</h3>
                </li>
              )
            }
            return (
              <ConversationRow
                key={row.key}
                item={row.item}
                index={index}
                position={index + 1 - headings.filter((heading) => heading < index).length}
                size={rows.length - headings.length}
                top={top}
                height={height}
                selected={row.item.id === selected}
                tabbable={index === tabbable}
                showWaiting={props.showWaiting}
                href={props.hrefOf(row.item.id)}
                onOpen={props.onOpen}
                menuOf={props.menuOf}
              />
            )
          })}
        </ul>
      </div>
    </div>
  )
}
