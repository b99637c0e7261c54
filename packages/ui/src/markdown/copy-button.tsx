import { Check, Copy } from 'lucide-react'
import { useEffect, useState } from 'react'
import { IconButton } from '../controls/button.tsx'

export interface CopyButtonProps {
  readonly label: string
  /** Asked for when pressed: an element's text, or a message's. */
  readonly text: () => string
}

export function CopyButton({ label, text }: CopyButtonProps) {
  const [state, setState] = useState<'idle' | 'copied' | 'refused'>('idle')
  useEffect(() => {
    if (state === 'idle') return
    const timer = setTimeout(() => setState('idle'), 1_600)
    return () => clearTimeout(timer)
  }, [state])
  const copy = () => {
    navigator.clipboard.writeText(text()).then(
      () => setState('copied'),
      () => setState('refused'),
    )
  }
  const names = { idle: label, copied: 'Copied', refused: 'The browser did not allow copying' }
  return (
    <IconButton label={names[state]} size="small" onClick={copy}>
      {state === 'copied' ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />}
    </IconButton>
  )
}
