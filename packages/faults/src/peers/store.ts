import { type Clock, memoryPersistence, type OpenConversation, openStore, type Store } from '@holdfast/store'
import { ADMIN_TOKEN } from '../process/relay.ts'

/** A device of a person: the store itself, kept in memory. */
export function storeAt(url: string, clock?: Clock, token: string = ADMIN_TOKEN): Promise<Store> {
  return openStore({
    space: 'default',
    persistence: memoryPersistence(),
    relay: { url, token },
    ...(clock === undefined ? {} : { clock }),
  })
}

export function say(conversation: OpenConversation, word: string): void {
  conversation.edit((doc) => doc.getText('words').insert(doc.getText('words').length, `${word} `))
}

export function wordsOf(conversation: OpenConversation): string {
  return conversation.doc.getText('words').toString()
}

/** Resolves when the words of the conversation are such. */
export function reads(conversation: OpenConversation, isSo: (words: string) => boolean): Promise<void> {
  const text = conversation.doc.getText('words')
  return new Promise((resolve) => {
    const look = (): void => {
      if (!isSo(text.toString())) return
      text.unobserve(look)
      resolve()
    }
    text.observe(look)
    look()
  })
}

/** Resolves when the conversation is in the list. */
export function listed(store: Store, id: string): Promise<void> {
  return new Promise((resolve) => {
    let stop: () => void = () => undefined
    const look = (): void => {
      if (!store.list.get().some((item) => item.id === id)) return
      stop()
      resolve()
    }
    stop = store.list.subscribe(look)
    look()
  })
}
