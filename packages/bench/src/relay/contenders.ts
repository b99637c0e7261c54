import { fileURLToPath } from 'node:url'
import type { Target } from './client/stock.ts'

export type ContenderName = 'y-websocket' | 'hocuspocus' | 'limit' | 'ours'

/** In the order of the table's columns. */
export const CONTENDERS: readonly ContenderName[] = ['y-websocket', 'hocuspocus', 'limit', 'ours']

export const TITLES: Readonly<Record<ContenderName, string>> = {
  'y-websocket': 'y-websocket 0.1.1 + y-leveldb',
  hocuspocus: 'Hocuspocus 4.7 + SQLite',
  limit: 'bare `ws` + LevelDB, group fsync (the limit, no Yjs)',
  ours: 'ours, with fsync before every ack',
}

/** Of ours, from the environment; the others ask for none. */
export const TOKEN = 'a-token-of-the-benchmarks-that-is-long-enough'

const HOLDFAST = fileURLToPath(new URL('../../../../apps/relay/bin/holdfast.js', import.meta.url))

/** How a server is started over a folder: the script and its arguments. */
export function commandOf(name: ContenderName, peers: string, folder: string): readonly string[] {
  if (name === 'ours') return [HOLDFAST, 'serve', '--json', '--port', '0', '--data', folder]
  return [`${peers}/${name}.mjs`, folder]
}

export function targetOf(name: ContenderName, port: number): Target {
  switch (name) {
    case 'ours':
      return { port, before: '/yjs/default/', after: `?token=${TOKEN}`, dialect: 'stock', answers: true }
    case 'y-websocket':
      return { port, before: '/', after: '', dialect: 'stock', answers: true }
    case 'hocuspocus':
      return { port, before: '/', after: '', dialect: 'hocuspocus', answers: true }
    case 'limit':
      return { port, before: '/', after: '', dialect: 'stock', answers: false }
  }
}
