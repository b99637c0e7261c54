import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'

/* The reference: unmodified providers, a socket for each document, at the same relay. */

export interface Stock {
  readonly url: string
  readonly token: string
  readonly space: string
}

/** Sockets that are opened at a time: Chromium makes more wait for seconds. */
const AT_ONCE = 6

/**
 * From the first provider to the last one's `sync`: the relay has answered what it has. What was sent is not known to be there:
 * the stock protocol does not say. Nothing is read from a device's storage. In ms.
 */
export async function stockSync({ url, token, space }: Stock, prefix: string, docs: readonly Y.Doc[]): Promise<number> {
  const start = performance.now()
  let next = 0
  const one = async (): Promise<void> => {
    for (let i = next++; i < docs.length; i = next++) {
      const options = { params: { token }, disableBc: true }
      const provider = new WebsocketProvider(
        `${url.replace('http', 'ws')}/yjs`,
        `${space}/${prefix}-${i}`,
        docs[i]!,
        options,
      )
      await new Promise<void>((resolve) => provider.once('sync', () => resolve()))
      provider.destroy()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, one))
  return performance.now() - start
}

/** So many documents of so many messages sent by stock providers, then had by stock providers that lack them. In ms each. */
export async function stockBoth(
  stock: Stock,
  prefix: string,
  count: number,
  messages: number,
): Promise<{ sent: number; fetched: number }> {
  const docs = Array.from({ length: count }, (_, number) => {
    const doc = new Y.Doc()
    for (let i = 0; i < messages; i++) doc.getMap('messages').set(`m${i}`, `${number}-${i} `.repeat(45))
    return doc
  })
  const sent = await stockSync(stock, prefix, docs)
  const fetched = await stockSync(
    stock,
    prefix,
    docs.map(() => new Y.Doc()),
  )
  return { sent, fetched }
}
