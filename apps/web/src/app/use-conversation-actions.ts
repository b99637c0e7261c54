import { useStore } from '@holdfast/react'
import type { OpenConversation } from '@holdfast/store'
import { useToast } from '@holdfast/ui'
import { useMemo } from 'react'
import { createConversationActions, downloadConversation } from './conversation-actions.ts'
import { newId } from './new-id.ts'
import { navigate } from './use-route.ts'

/** The edits of the list, which say so when they could not be made. */
export function useConversationActions() {
  const store = useStore()
  const toast = useToast()
  return useMemo(() => {
    const actions = createConversationActions(store, () => Date.now(), newId)
    const say = (work: Promise<unknown>) => {
      work.catch((error: unknown) =>
        toast({ text: `Not saved: ${error instanceof Error ? error.message : String(error)}` }),
      )
    }
    return {
      rename: (id: string, title: string) => say(actions.rename(id, title)),
      pin: (id: string, pinned: boolean) => say(actions.pin(id, pinned)),
      archive: (id: string, archived: boolean) => {
        say(actions.archive(id, archived))
        const text = archived ? 'Archived' : 'Taken out of the archive'
        toast({ text, action: { label: 'Undo', run: () => say(actions.archive(id, !archived)) } })
      },
      trash: (id: string, title: string) => {
        say(actions.trash(id))
        if (location.hash === `#/c/${id}`) navigate({ page: 'new' })
        const short = title.length > 40 ? `${title.slice(0, 39)}…` : title
        toast({ text: `“${short}” is in the trash`, action: { label: 'Undo', run: () => say(actions.restore(id)) } })
      },
      restore: (id: string) => {
        say(actions.restore(id))
        toast({ text: 'Restored', action: { label: 'Open', run: () => navigate({ page: 'conversation', id }) } })
      },
      /** Asked for already. Several at once are one note. */
      purge: (ids: readonly string[]) => {
        const here = ids.some((id) => location.hash === `#/c/${id}`)
        if (here) navigate({ page: 'new' }, { replace: true })
        const gone = Promise.all(ids.map((id) => actions.purge(id)))
        say(gone.then(() => toast({ text: ids.length === 1 ? 'Deleted for ever' : `${ids.length} deleted for ever` })))
      },
      fork: (source: OpenConversation, upTo: string) => {
        const made = actions.fork(source, upTo).then((id) => {
          navigate({ page: 'conversation', id })
          toast({
            text: 'This is the fork',
            action: { label: 'Go back', run: () => navigate({ page: 'conversation', id: source.id }) },
          })
        })
        say(made)
      },
      download: (id: string) => say(downloadConversation(store, id)),
    }
  }, [store, toast])
}
