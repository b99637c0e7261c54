import { WebSocket as NodeWebSocket } from 'ws'
import { alternate } from '../alternate.ts'
import type { Bench, Figure } from '../benchmark.ts'
import { withFreshRelay } from '../browser/fresh-relay.ts'
import { BrowserRun } from '../browser/profile.ts'
import { openSyncPage } from '../browser/sync-page.ts'
import { emptyOutbox, writeOffline } from '../pages/sync.ts'
import { median } from '../statistics.ts'
import { TemporaryFolder } from '../temporary-folder.ts'

const OFFLINE = { conversations: 500, messages: 20 }
const MESSAGES = OFFLINE.conversations * OFFLINE.messages
/** From the issue. Messages a second. */
const RATE = 5_000
const STOCK = 50

async function inNode(round: number) {
  return await withFreshRelay(async ({ listening: { url, token, space } }) => {
    const device = `outbox-${round}`
    await writeOffline(device, OFFLINE)
    const place = { space, device, relay: { url, token } }
    const socket = NodeWebSocket as unknown as typeof WebSocket
    return { ms: await emptyOutbox(place, OFFLINE.conversations, socket) }
  })
}

/** What was written offline, in a browser and in Node, and the same by stock providers. */
export async function measureOutbox(bench: Bench): Promise<{ figures: Figure[]; notes: string[] }> {
  await using profile = await TemporaryFolder.make('outbox')
  await using run = await BrowserRun.start(profile.path)
  const { page } = run
  bench.say(`sending ${MESSAGES} messages of ${OFFLINE.conversations} closed conversations`)
  const measured = await alternate(bench, {
    // Another relay is another origin, and with it another IndexedDB.
    browser: (round) =>
      withFreshRelay(async ({ listening: { url, token, space } }) => {
        await openSyncPage(page, url)
        const place = { space, device: `outbox-${round}`, relay: { url, token } }
        const ms = await page.evaluate(
          async ([place, offline]) => {
            await benchSync.writeOffline(place.device, offline)
            return benchSync.emptyOutbox(place, offline.conversations)
          },
          [place, OFFLINE] as const,
        )
        const stock = await page.evaluate(
          ([place, count, messages]) =>
            benchSync.stockBoth({ ...place.relay, space: place.space }, 'stock', count, messages),
          [place, STOCK, OFFLINE.messages] as const,
        )
        const share = OFFLINE.conversations / STOCK
        return { ms, stock: stock.sent * share, stockFetched: stock.fetched / STOCK }
      }),
    node: inNode,
  })
  const rate = (values: readonly number[]) => Math.round((MESSAGES / median(values)) * 1000).toLocaleString('en')
  const [browser, node, stock] = [measured.browser('ms'), measured.node('ms'), measured.browser('stock')]
  const target = (MESSAGES / RATE) * 1000
  const beside = 'outbox by stock providers, a socket each, scaled'
  return {
    figures: [
      { what: 'outbox of 10,000 messages, from IndexedDB', values: browser, unit: 'ms', target, beside },
      { what: 'outbox of 10,000 messages, Node, from memory', values: node, unit: 'ms', target, beside },
      { what: beside, values: stock, unit: 'ms' },
    ],
    notes: [
      `Outbox: from opening the store to the last fsynced acknowledgement being written down, ${OFFLINE.conversations} conversations of ${OFFLINE.messages} messages (300 characters each), every message a row and an update of its own: ${rate(browser)} messages a second from IndexedDB, ${rate(node)} from memory in Node. The stock providers send ${STOCK} documents of as many messages out of memory, scaled by ${OFFLINE.conversations / STOCK}; they end when the relay has told what it has, because that protocol does not acknowledge.`,
      `A stock provider needs ${(median(measured.browser('stockFetched')) * 1).toFixed(2)} ms for each document that it looks for changes in, so it would look through 10,000 in ${Math.round(median(measured.browser('stockFetched')) * 10)} s (measured with ${STOCK}): that is its catch-up, and its new device, and it lists nothing before.`,
    ],
  }
}
