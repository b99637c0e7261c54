import { useStore } from '@holdfast/react'
import { useEffect, useState } from 'react'
import { sizeText } from './size-text.ts'

/** What is kept here takes of this device, in words; null until it is known, and where nobody counts. */
export function useUsage(): string | null {
  const store = useStore()
  const [text, setText] = useState<string | null>(null)
  useEffect(() => {
    let left = false
    store.usage().then(
      (usage) => {
        if (!left && usage) setText(`${sizeText(usage.used)}; there is room for ${sizeText(usage.available)} more`)
      },
      // A browser that does not count says nothing, and so do we.
      () => setText(null),
    )
    return () => {
      left = true
    }
  }, [store])
  return text
}
