import { StoreProvider, useConversations, useStoreStatus } from '@holdfast/react'
import type { Store } from '@holdfast/store'
import { IconButton, listRows, StatusLine, ToastProvider } from '@holdfast/ui'
import { Menu as MenuIcon, PanelLeftOpen } from 'lucide-react'
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from 'react'
import { loadAi } from '../answering/answerers.ts'
import { AsideBanner } from '../aside/aside-notes.tsx'
import { RelayBanner } from '../connection/relay-banner.tsx'
import { TokenDialog } from '../connection/token-dialog.tsx'
import { ConversationPage } from './conversation-page.tsx'
import type { DialogName } from './dialogs.tsx'
import { DialogContext } from './dialogs.tsx'
import { HelpDialog } from './help-dialog.tsx'
import { NewPage } from './new-page.tsx'
import { NotSavedBanner } from './not-saved-banner.tsx'
import { wishRename } from './rename.ts'
import type { Services } from './services.tsx'
import { ServicesContext } from './services.tsx'
import type { Command } from './shortcuts.ts'
import { shortcutText, useShortcuts } from './shortcuts.ts'
import { Sidebar } from './sidebar.tsx'
import { spaceStatus } from './space-status.ts'
import { useNarrow } from './use-narrow.ts'
import { navigate, useRoute } from './use-route.ts'

const AsideDialog = lazy(async () => ({ default: (await import('../aside/aside-dialog.tsx')).AsideDialog }))
const SettingsDialog = lazy(async () => ({ default: (await import('../settings/settings-dialog.tsx')).SettingsDialog }))

export function App({ store, services }: { readonly store: Store; readonly services: Services }) {
  return (
    <StoreProvider store={store}>
      <ServicesContext value={services}>
        <ToastProvider>
          <Shell />
        </ToastProvider>
      </ServicesContext>
    </StoreProvider>
  )
}

function Shell() {
  const route = useRoute()
  const narrow = useNarrow()
  const conversations = useConversations()
  const space = useStoreStatus()
  const [wide, setWide] = useState(true)
  const [drawer, setDrawer] = useState(false)
  const [dialog, setDialog] = useState<DialogName | null>(null)
  const search = useRef<HTMLInputElement>(null)
  const side = narrow ? drawer : wide
  const current = route.page === 'conversation' ? route.id : null

  // What the list does not need comes once the list is on the screen.
  useEffect(() => {
    const soon = setTimeout(() => void loadAi().catch(() => undefined), 1_500)
    return () => clearTimeout(soon)
  }, [])

  const closeDialog = useCallback(() => setDialog(null), [])
  const openSettings = useCallback(() => setDialog('settings'), [])
  const openToken = useCallback(() => setDialog('token'), [])
  const openNew = useCallback(() => {
    setDrawer(false)
    navigate({ page: 'new' })
    requestAnimationFrame(() => focusMessage())
  }, [])
  const showSide = (show: boolean) => (narrow ? setDrawer(show) : setWide(show))
  const closeDrawer = useCallback(() => setDrawer(false), [])

  const run = (command: Command): boolean => {
    switch (command) {
      case 'new':
        openNew()
        return true
      case 'search':
        showSide(true)
        requestAnimationFrame(() => search.current?.focus())
        return true
      case 'side':
        showSide(!side)
        return true
      case 'settings':
      case 'help':
        setDialog(command)
        return true
      case 'message':
        return focusMessage()
      case 'rename':
        if (current) wishRename(current)
        return current !== null
      case 'stop':
        if (narrow && drawer) setDrawer(false)
        else return pressStop()
        return true
      case 'previous':
      case 'next': {
        const ids = listRows(conversations, 'current', Date.now()).flatMap((row) =>
          row.kind === 'item' ? [row.key] : [],
        )
        const at = current ? ids.indexOf(current) : -1
        const id = ids[command === 'next' ? at + 1 : Math.max(0, at - 1)]
        if (id) navigate({ page: 'conversation', id })
        return true
      }
    }
  }
  useShortcuts(run)

  const opener = (!side || narrow) && (
    <IconButton label="Show the list" shortcut={shortcutText('side')} onClick={() => showSide(true)}>
      {narrow ? <MenuIcon size={19} aria-hidden /> : <PanelLeftOpen size={18} aria-hidden />}
    </IconButton>
  )
  const banner = (
    <>
      <RelayBanner />
      <AsideBanner />
    </>
  )

  return (
    <DialogContext value={setDialog}>
      <div className="app" data-side={side ? 'open' : 'closed'}>
        <Sidebar
          route={route}
          searchRef={search}
          onNew={openNew}
          onSettings={openSettings}
          onHelp={() => setDialog('help')}
          onClose={() => showSide(false)}
          onOpened={closeDrawer}
        />
        {narrow && drawer && (
          <button type="button" className="app-scrim" aria-label="Hide the list" onClick={closeDrawer} />
        )}
        <main className="app-main" inert={narrow && drawer}>
          {route.page === 'conversation' ? (
            <ConversationPage
              key={route.id}
              id={route.id}
              narrow={narrow}
              start={opener}
              onSettings={openSettings}
              banners={banner}
            />
          ) : (
            <>
              <header className="app-head" data-narrow={narrow}>
                {opener}
                <div className="app-head-title">
                  <StatusLine status={spaceStatus(space)} space={space} />
                </div>
              </header>
              <div className="app-banners">
                {banner}
                {space.notSaved && <NotSavedBanner reason={space.notSaved.reason} />}
              </div>
              <NewPage firstTime={conversations.length === 0} onSettings={openSettings} />
            </>
          )}
        </main>
        {dialog === 'settings' && (
          <Suspense>
            <SettingsDialog onClose={closeDialog} onToken={openToken} />
          </Suspense>
        )}
        {dialog === 'aside' && (
          <Suspense>
            <AsideDialog onClose={closeDialog} />
          </Suspense>
        )}
        {dialog === 'help' && <HelpDialog onClose={closeDialog} />}
        {dialog === 'token' && <TokenDialog onClose={closeDialog} />}
      </div>
    </DialogContext>
  )
}

/** The answer may be another window's: the page of the conversation knows, and offers its button when there is one. */
function pressStop(): boolean {
  const button = document.querySelector<HTMLButtonElement>('button[aria-label="Stop"]')
  button?.click()
  return button !== null
}

function focusMessage(): boolean {
  const area = document.querySelector<HTMLTextAreaElement>('textarea[aria-label="Message"]')
  area?.focus()
  return area !== null
}
