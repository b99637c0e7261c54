import { useEffect, useRef } from 'react'

export type Command =
  | 'new'
  | 'search'
  | 'side'
  | 'settings'
  | 'help'
  | 'message'
  | 'rename'
  | 'stop'
  | 'previous'
  | 'next'

interface Shortcut {
  readonly command: Command
  readonly text: string
  /** As shown; `Mod` is ⌘ on Apple's keyboards and Ctrl elsewhere. */
  readonly keys: readonly string[]
  readonly matches: (event: KeyboardEvent) => boolean
  /** Also while something is being typed. */
  readonly whileTyping: boolean
}

const isApple = typeof navigator !== 'undefined' && /mac|iphone|ipad/i.test(navigator.platform)
const mod = (event: KeyboardEvent) => (isApple ? event.metaKey && !event.ctrlKey : event.ctrlKey && !event.metaKey)
const plain = (event: KeyboardEvent) => !event.metaKey && !event.ctrlKey && !event.altKey

export const shortcuts: readonly Shortcut[] = [
  {
    command: 'new',
    text: 'New conversation',
    keys: ['Mod', 'Shift', 'O'],
    whileTyping: true,
    matches: (e) => mod(e) && e.shiftKey && e.code === 'KeyO',
  },
  {
    command: 'search',
    text: 'Search titles',
    keys: ['Mod', 'K'],
    whileTyping: true,
    matches: (e) => mod(e) && !e.shiftKey && e.code === 'KeyK',
  },
  {
    command: 'previous',
    text: 'Previous conversation',
    keys: ['Alt', '↑'],
    whileTyping: true,
    matches: (e) => e.altKey && e.key === 'ArrowUp',
  },
  {
    command: 'next',
    text: 'Next conversation',
    keys: ['Alt', '↓'],
    whileTyping: true,
    matches: (e) => e.altKey && e.key === 'ArrowDown',
  },
  {
    command: 'message',
    text: 'Write a message',
    keys: ['/'],
    whileTyping: false,
    matches: (e) => plain(e) && e.key === '/',
  },
  {
    command: 'stop',
    text: 'Stop the answer',
    keys: ['Esc'],
    whileTyping: true,
    matches: (e) => plain(e) && e.key === 'Escape',
  },
  {
    command: 'rename',
    text: 'Rename the conversation',
    keys: ['F2'],
    whileTyping: true,
    matches: (e) => plain(e) && e.key === 'F2',
  },
  {
    command: 'side',
    text: 'Show or hide the list',
    keys: ['Mod', 'B'],
    whileTyping: true,
    matches: (e) => mod(e) && !e.shiftKey && e.code === 'KeyB',
  },
  {
    command: 'settings',
    text: 'Settings',
    keys: ['Mod', ','],
    whileTyping: true,
    matches: (e) => mod(e) && e.key === ',',
  },
  { command: 'help', text: 'This list', keys: ['?'], whileTyping: false, matches: (e) => plain(e) && e.key === '?' },
]

/** Keys of the parts that have their own. */
export const localShortcuts: readonly { readonly text: string; readonly keys: readonly string[] }[] = [
  { text: 'Send the message', keys: ['Enter'] },
  { text: 'New line in the message', keys: ['Shift', 'Enter'] },
  { text: 'Move in the list', keys: ['↑', '↓'] },
  { text: 'Move the conversation to the trash (in the list)', keys: ['Delete'] },
]

export const showKey = (key: string): string => (key === 'Mod' ? (isApple ? '⌘' : 'Ctrl') : key)

export function shortcutText(command: Command): string {
  const keys = shortcuts.find((one) => one.command === command)?.keys ?? []
  return keys.map(showKey).join(isApple ? ' ' : '+')
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))

/** Runs commands on their keys. A command that returns false leaves the key to whoever else wants it. */
export function useShortcuts(run: (command: Command) => boolean): void {
  const latest = useRef(run)
  useEffect(() => {
    latest.current = run
  })
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.isComposing || document.querySelector('dialog[open]')) return
      const typing = isTyping(event.target)
      const found = shortcuts.find((one) => one.matches(event) && (one.whileTyping || !typing))
      if (found && latest.current(found.command)) event.preventDefault()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}
