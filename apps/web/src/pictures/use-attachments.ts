import { useStore } from '@holdfast/react'
import type { Attachment } from '@holdfast/ui'
import { useCallback, useEffect, useRef, useState } from 'react'
import type { QuestionFile } from '../answering/engine.ts'
import { newId } from '../app/new-id.ts'
import type { ReadPicture } from './read-pictures.ts'
import { readPictures } from './read-pictures.ts'

interface Attached extends Attachment {
  readonly picture: ReadPicture
}

export interface Attachments {
  readonly attachments: readonly Attachment[]
  readonly problem: string | null
  readonly attach: (files: readonly File[]) => void
  readonly detach: (id: string) => void
  readonly clear: () => void
  /**
   * Keeps them on this device and gives the parts that name them. Bytes and message go to the disk together when the
   * message is written right after. Rejects when the device cannot keep files.
   */
  readonly keep: () => Promise<QuestionFile[]>
}

/** Pictures that go with the next message: in memory until it is sent, so that one that is never sent is never kept. */
export function useAttachments(): Attachments {
  const store = useStore()
  const [attached, setAttached] = useState<readonly Attached[]>([])
  const [problem, setProblem] = useState<string | null>(null)
  const latest = useRef(attached)
  latest.current = attached
  useEffect(
    () => () => {
      for (const { url } of latest.current) URL.revokeObjectURL(url)
    },
    [],
  )
  const attach = useCallback((files: readonly File[]) => {
    void readPictures(files, latest.current.length).then(({ pictures, problem: found }) => {
      setProblem(found)
      const added = pictures.map((picture) => ({
        id: newId(),
        name: picture.name,
        url: URL.createObjectURL(new Blob([picture.bytes], { type: picture.mediaType })),
        picture,
      }))
      setAttached((was) => [...was, ...added])
    })
  }, [])
  const drop = useCallback((gone: (one: Attached) => boolean) => {
    for (const one of latest.current) if (gone(one)) URL.revokeObjectURL(one.url)
    setAttached((was) => was.filter((one) => !gone(one)))
    setProblem(null)
  }, [])
  const detach = useCallback((id: string) => drop((one) => one.id === id), [drop])
  const clear = useCallback(() => drop(() => true), [drop])
  const keep = useCallback(
    () =>
      Promise.all(
        latest.current.map(async ({ picture }): Promise<QuestionFile> => {
          const { sha256, size } = await store.blobs.put(picture.bytes, picture.mediaType)
          return { type: 'file', mediaType: picture.mediaType, filename: picture.name, blob: { sha256, size } }
        }),
      ),
    [store],
  )
  return { attachments: attached, problem, attach, detach, clear, keep }
}
