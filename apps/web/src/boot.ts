/*
 * The page begins here: storage is opened before anything is drawn, and reads while the rest of the page is still
 * being parsed. Nothing but the store is in this first file.
 */
import { indexedDbPersistence, openStore } from '@holdfast/store'
import { arrive, createTokenMemory } from './connection/address.ts'

performance.mark('holdfast:start')
const tokens = createTokenMemory(() => localStorage)
const connection = arrive(tokens)
const opening = openStore({
  space: connection.space,
  persistence: indexedDbPersistence({ space: connection.space }),
  relay: connection.relay,
})
// A failure is shown by the page; this only keeps a quick one from counting as unhandled meanwhile.
opening.then(
  () => performance.mark('holdfast:opened'),
  () => undefined,
)

void import('./main.tsx').then(({ render }) => render({ opening, connection, tokens }))
