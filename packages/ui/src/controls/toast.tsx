import type { ReactNode } from 'react'
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState } from 'react'

export interface Toast {
  readonly text: string
  readonly action?: { readonly label: string; readonly run: () => void }
}

type Show = (toast: Toast) => void

const shownFor = 8_000
const ToastContext = createContext<Show>(() => undefined)

/** Shows one short note at a time at the foot of the window; a note with an action waits while it is pointed at or focused. */
export function ToastProvider({ children }: { readonly children: ReactNode }) {
  const [toast, setToast] = useState<(Toast & { readonly key: number }) | null>(null)
  const [held, setHeld] = useState(false)
  const count = useRef(0)
  const show = useCallback<Show>((next) => {
    count.current += 1
    setToast({ ...next, key: count.current })
    setHeld(false)
  }, [])
  useEffect(() => {
    if (!toast || held) return
    const timer = setTimeout(() => setToast(null), shownFor)
    return () => clearTimeout(timer)
  }, [toast, held])
  const note = useMemo(() => {
    if (!toast) return null
    const { action } = toast
    return (
      // biome-ignore lint/a11y/noStaticElementInteractions: pointing at the note only keeps it from leaving
      <div
        key={toast.key}
        className="hf-toast"
        onPointerEnter={() => setHeld(true)}
        onPointerLeave={() => setHeld(false)}
        onFocus={() => setHeld(true)}
        onBlur={() => setHeld(false)}
      >
        <span>{toast.text}</span>
        {action && (
          <button
            type="button"
            onClick={() => {
              setToast(null)
              action.run()
            }}
          >
            {action.label}
          </button>
        )}
      </div>
    )
  }, [toast])
  return (
    <ToastContext value={show}>
      {children}
      <div className="hf-toasts" aria-live="polite">
        {note}
      </div>
    </ToastContext>
  )
}

export function useToast(): Show {
  return use(ToastContext)
}
