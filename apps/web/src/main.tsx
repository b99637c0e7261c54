import '@fontsource-variable/inter/wght.css'
import '@holdfast/ui/styles.css'
import './app/app.css'
import type { Store } from '@holdfast/store'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { answererFor } from './answering/answerers.ts'
import { createEngine } from './answering/engine.ts'
import { App } from './app/app.tsx'
import { CannotOpen } from './app/cannot-open.tsx'
import { newId } from './app/new-id.ts'
import { Opening } from './app/opening.tsx'
import type { Services } from './app/services.tsx'
import type { Connection, TokenMemory } from './connection/address.ts'
import { createRelayLink } from './connection/relay-link.ts'
import { pictureData } from './pictures/picture-data.ts'
import { createSettings } from './settings/settings.ts'
import { followTheme } from './settings/theme.ts'
import { registerServiceWorker } from './worker/register.ts'

export interface RenderOptions {
  readonly opening: Promise<Store>
  readonly connection: Connection
  readonly tokens: TokenMemory
}

/** Wires the page together, once. */
export async function render({ opening, connection, tokens }: RenderOptions): Promise<void> {
  performance.mark('holdfast:main')
  const element = document.getElementById('root')
  if (!element) throw new Error('the page has no #root')
  const root = createRoot(element)
  root.render(<Opening />)
  const settings = createSettings(() => localStorage)
  addEventListener('storage', (event) => settings.reload(event.key))
  followTheme(settings)
  registerServiceWorker()
  try {
    const store = await opening
    const files = pictureData(store.blobs, () => settings.get().images)
    const engine = createEngine({
      store,
      answerer: () => answererFor(settings.get(), files),
      author: () => settings.get().name,
      now: () => Date.now(),
      newId,
    })
    const services: Services = { engine, settings, link: createRelayLink(store, connection, tokens) }
    root.render(
      <StrictMode>
        <App store={store} services={services} />
      </StrictMode>,
    )
  } catch (error) {
    root.render(<CannotOpen error={error} />)
  }
}
