/*
 * The page begins here: storage is opened before anything is drawn, and reads while the rest of the page is still
 * being parsed. Nothing but the store is in this first file.
 */
import { indexedDbPersistence, openStore, websocketConnection } from '@holdfast/store'
import { arrive, createTokenMemory } from './connection/address.ts'

performance.mark('holdfast:start')
const tokens = createTokenMemory(() => localStorage)
const connection = arrive(tokens)
const opening = openStore({
  space: connection.space,
  persistence: indexedDbPersistence({ space: connection.space }),
  relay: connection.relay,
  // `?wire=stock` speaks as the version before /sync did: to see what such a client sees, or past a proxy that /sync cannot pass.
  ...(new URLSearchParams(location.search).get('wire') === 'stock' ? { connect: websocketConnection } : {}),
})
// A failure is shown by the page; this only keeps a quick one from counting as unhandled meanwhile.
opening.then(
  () => performance.mark('holdfast:opened'),
  () => undefined,
)

void import('./main.tsx').then(({ render }) => render({ opening, connection, tokens }))
