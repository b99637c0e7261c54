import { BlobError } from '@holdfast/store'
import { useCallback, useEffect, useState } from 'react'
import { useStore } from './store-context.tsx'

export type BlobAddress =
  | { readonly state: 'loading' }
  | { readonly state: 'ready'; readonly url: string }
  | { readonly state: 'failed'; readonly error: Error; readonly retry: () => void }

const loading: BlobAddress = { state: 'loading' }

/**
 * An address to show a blob by: from this device, or from the relay when it is not here. It is taken back when the
 * component goes, so do not hand it on. Asked again when the relay comes (back), while
 * another device may still be sending it, and by `retry`. Null asks for nothing.
 */
export function useBlobUrl(sha256: string | null): BlobAddress {
  const store = useStore()
  const [attempt, setAttempt] = useState(0)
  const [result, setResult] = useState<{ readonly key: string; readonly value: BlobAddress } | null>(null)
  const key = `${attempt}:${sha256}`
  const retry = useCallback(() => setAttempt((was) => was + 1), [])
  useEffect(() => {
    if (sha256 === null) return
    let left = false
    let made: string | null = null
    let stopWaiting: () => void = () => undefined
    store.blobs.url(sha256).then(
      (url) => {
        if (left) {
          URL.revokeObjectURL(url)
          return
        }
        made = url
        setResult({ key, value: { state: 'ready', url } })
      },
      (reason: unknown) => {
        if (left) return
        const error = reason instanceof Error ? reason : new Error(String(reason))
        setResult({ key, value: { state: 'failed', error, retry } })
        if (store.status.get().relay === 'connected') {
          // Whoever wrote the message may still be sending the file behind it.
          if (!(error instanceof BlobError) || error.code !== 'NOT_FOUND') return
          const timer = setTimeout(retry, Math.min(30_000, 500 * 2 ** attempt))
          stopWaiting = () => clearTimeout(timer)
          return
        }
        stopWaiting = store.status.subscribe(() => {
          if (store.status.get().relay === 'connected') retry()
        })
      },
    )
    return () => {
      left = true
      stopWaiting()
      if (made !== null) URL.revokeObjectURL(made)
      // A StrictMode remount must not be shown the address that was taken back.
      setResult(null)
    }
  }, [store, sha256, key, attempt, retry])
  return result?.key === key ? result.value : loading
}
