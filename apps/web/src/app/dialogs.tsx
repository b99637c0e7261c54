import { createContext, use } from 'react'

export type DialogName = 'settings' | 'help' | 'token' | 'aside'

/** Opens one of the page's dialogs from wherever in it. */
export const DialogContext = createContext<(dialog: DialogName) => void>(() => undefined)

export const useOpenDialog = (): ((dialog: DialogName) => void) => use(DialogContext)
