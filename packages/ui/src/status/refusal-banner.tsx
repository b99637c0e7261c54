import type { Reason, StoreStatus } from '@holdfast/store'
import { Archive, KeyRound, Plus, RotateCw } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { Banner } from '../controls/banner.tsx'
import { Button } from '../controls/button.tsx'
import { fileRefusalWords, type Remedy, refusalWords } from './refusal-words.ts'

export type Remedies = Readonly<Record<Exclude<Remedy, 'none'>, () => void>>

const labels: Record<Exclude<Remedy, 'none'>, readonly [label: string, icon: ReactNode]> = {
  token: ['Use another token', <KeyRound key="icon" size={14} aria-hidden />],
  reload: ['Reload', <RotateCw key="icon" size={14} aria-hidden />],
  retry: ['Try again', <RotateCw key="icon" size={14} aria-hidden />],
  new: ['New conversation', <Plus key="icon" size={14} aria-hidden />],
  aside: ['Look at what is set aside', <Archive key="icon" size={14} aria-hidden />],
}

export interface RefusalBannerProps {
  readonly reason: Reason
  readonly remedies: Remedies
}

/** Says what the relay refuses, what becomes of what was written, and offers what helps. */
export function RefusalBanner({ reason, remedies }: RefusalBannerProps) {
  const { title, advice, remedy } = refusalWords(reason)
  const offer = remedy === 'none' ? null : { run: remedies[remedy], words: labels[remedy] }
  return (
    <Banner
      tone="warn"
      title={title}
      actions={
        offer && (
          <Button size="small" onClick={offer.run}>
            {offer.words[1]}
            {offer.words[0]}
          </Button>
        )
      }
    >
      {advice}
    </Banner>
  )
}

export interface FilesBannerProps {
  readonly space: StoreStatus
  readonly onRetry: () => void
}

/** Says that pictures are on this device only, and why, until that is another reason or the reader has understood. */
export function FilesBanner({ space, onRetry }: FilesBannerProps) {
  const [understood, setUnderstood] = useState<string | null>(null)
  const said = fileRefusalWords(space)
  if (!said || understood === said.title) return null
  return (
    <Banner
      tone="warn"
      title={said.title}
      actions={
        <>
          <Button size="small" onClick={onRetry}>
            <RotateCw size={14} aria-hidden />
            Try again
          </Button>
          <Button size="small" kind="quiet" onClick={() => setUnderstood(said.title)}>
            Understood
          </Button>
        </>
      }
    >
      {said.advice}
    </Banner>
  )
}
