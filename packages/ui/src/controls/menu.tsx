import { Ellipsis } from 'lucide-react'
import type { ReactNode } from 'react'
import { useCallback, useId, useRef, useState } from 'react'
import { IconButton } from './button.tsx'
import { Floating } from './floating.tsx'
import { moveFocus } from './move-focus.ts'

export interface MenuItem {
  readonly label: string
  readonly icon: ReactNode
  readonly onSelect: () => void
  readonly danger?: boolean
  /** A line is drawn above this item. */
  readonly separated?: boolean
}

export interface MenuProps {
  readonly label: string
  /** Asked for when the menu opens, so that 10,000 closed menus cost nothing. */
  readonly items: () => readonly MenuItem[]
  readonly size?: 'small' | 'medium'
  readonly icon?: ReactNode
  readonly tabIndex?: number
}

export function Menu({ label, items, size = 'medium', icon, tabIndex }: MenuProps) {
  const [open, setOpen] = useState(false)
  const button = useRef<HTMLButtonElement>(null)
  const id = useId()
  const close = useCallback((back: boolean) => {
    setOpen(false)
    if (back) button.current?.focus()
  }, [])
  return (
    <>
      <IconButton
        ref={button}
        label={label}
        size={size}
        tabIndex={tabIndex}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen((was) => !was)}
        onKeyDown={(event) => {
          if (event.key !== 'ArrowDown') return
          event.preventDefault()
          event.stopPropagation()
          setOpen(true)
        }}
      >
        {icon ?? <Ellipsis size={size === 'small' ? 16 : 18} aria-hidden />}
      </IconButton>
      {open && (
        <Floating anchor={button} onClose={close}>
          <div
            id={id}
            role="menu"
            aria-label={label}
            tabIndex={-1}
            onKeyDown={(event) => moveFocus(event, '[role=menuitem]')}
          >
            {items().map((item, index) => (
              <div key={item.label} role="none">
                {item.separated && <hr />}
                <button
                  type="button"
                  role="menuitem"
                  tabIndex={-1}
                  className="hf-menu-item"
                  data-danger={item.danger}
                  // biome-ignore lint/a11y/noAutofocus: an opened menu takes the focus to its first item
                  autoFocus={index === 0}
                  onClick={() => {
                    close(true)
                    item.onSelect()
                  }}
                >
                  {item.icon}
                  {item.label}
                </button>
              </div>
            ))}
          </div>
        </Floating>
      )}
    </>
  )
}
