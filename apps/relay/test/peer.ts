import { WebsocketProvider } from 'y-websocket'
import * as Y from 'yjs'
import type { Ready } from './command.ts'

export interface Peer {
  readonly doc: Y.Doc
  readonly provider: WebsocketProvider
}

/** An unmodified y-websocket client on one document. */
export async function connect(ready: Ready, document: string, space = 'default', doc = new Y.Doc()): Promise<Peer> {
  const provider = new WebsocketProvider(`${ready.url.replace('http', 'ws')}/yjs`, `${space}/${document}`, doc, {
    params: { token: ready.token },
    disableBc: true,
  })
  await new Promise<void>((resolve) => {
    provider.on('sync', (synced: boolean) => {
      if (synced) resolve()
    })
  })
  return { doc, provider }
}

/** Resolves when the document's text is as long as that. */
export function grown(doc: Y.Doc, length: number): Promise<void> {
  const text = doc.getText('text')
  return new Promise((resolve) => {
    const look = (): void => {
      if (text.length < length) return
      text.unobserve(look)
      resolve()
    }
    text.observe(look)
    look()
  })
}

export function leave(...peers: readonly Peer[]): void {
  for (const { provider } of peers) provider.destroy()
}
