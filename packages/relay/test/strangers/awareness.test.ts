import {
  type AwarenessEntry,
  decodeAwareness,
  decodeStockFrame,
  encodeAwareness,
  encodeAwarenessFrame,
} from '@holdfast/protocol'
import { afterEach, describe, expect, it } from 'vitest'
import { STEP1 } from '../fakes.ts'
import { ADMIN, type RunningRelay, rawClient, startRelay } from '../helpers.ts'
import { openFrame, SyncSocket } from './sync-socket.ts'

let running: RunningRelay | null = null
const ends: (() => void)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) end()
  await running?.stop()
  running = null
})

type Endpoint = 'stock' | 'sync'

/** One who is in the document `chat` by either endpoint, and what he sees of others. */
interface Peer {
  say(...entries: { client: number; clock: number; state: object | null }[]): void
  /** Everything that everybody said before this is here. */
  settled(): Promise<void>
  /** Latest of each client, null for one that has gone. */
  seen(): Map<number, { clock: number; state: unknown }>
  leave(): Promise<unknown>
}

const bytesOf = (state: object | null): Uint8Array | null =>
  state === null ? null : new TextEncoder().encode(JSON.stringify(state))

function told(frames: readonly Uint8Array[]): Map<number, { clock: number; state: unknown }> {
  const seen = new Map<number, { clock: number; state: unknown }>()
  for (const bytes of frames) {
    const frame = decodeStockFrame(bytes)
    if (frame.kind !== 'awareness') continue
    const decoded = decodeAwareness(frame.awareness)
    if (decoded.kind === 'garbage') throw new Error(decoded.reason)
    for (const { client, clock, state } of decoded.entries) {
      seen.set(client, { clock, state: state === null ? null : JSON.parse(new TextDecoder().decode(state)) })
    }
  }
  return seen
}

function message(entries: readonly { client: number; clock: number; state: object | null }[]): Uint8Array {
  const encoded: AwarenessEntry[] = entries.map(({ client, clock, state }) => ({
    client,
    clock,
    state: bytesOf(state),
  }))
  return encodeAwarenessFrame(encodeAwareness(encoded))
}

async function join(at: RunningRelay, endpoint: Endpoint): Promise<Peer> {
  return endpoint === 'stock' ? joinStock(at) : joinSync(at)
}

async function joinStock(at: RunningRelay): Promise<Peer> {
  const raw = rawClient(`ws://127.0.0.1:${at.port}/yjs/default/chat?token=${ADMIN}`)
  ends.push(() => raw.socket.terminate())
  await raw.opened
  const isStep2 = (bytes: Uint8Array): boolean => bytes[0] === 0 && bytes[1] === 1
  let fences = 0
  const settled = async (): Promise<void> => {
    raw.socket.send(STEP1)
    fences += 1
    await raw.message(() => raw.received.filter(isStep2).length >= fences)
  }
  await settled()
  return {
    say: (...entries) => raw.socket.send(message(entries)),
    settled,
    seen: () => told(raw.received),
    leave: () => {
      raw.socket.close()
      return raw.closed
    },
  }
}

async function joinSync(at: RunningRelay): Promise<Peer> {
  const socket = await SyncSocket.hello(at.port, ADMIN)
  ends.push(() => socket.socket.terminate())
  socket.send(openFrame(1, 'chat'))
  await socket.next('at')
  return {
    say: (...entries) => socket.send({ kind: 'message', channel: 1, bytes: message(entries) }),
    settled: async () => void (await socket.settled()),
    seen: () => told(socket.frames.flatMap((frame) => (frame.kind === 'message' ? [frame.bytes] : []))),
    leave: () => {
      socket.socket.close()
      return socket.closed
    },
  }
}

const OWN = 11
const OTHERS = 22
const PAIRS: readonly [Endpoint, Endpoint][] = [
  ['stock', 'stock'],
  ['stock', 'sync'],
  ['sync', 'stock'],
  ['sync', 'sync'],
]

describe.each(PAIRS)('W10 one at the %s endpoint, a forger at the %s one', (endpoint, forging) => {
  async function scene() {
    running = await startRelay()
    const [honest, forger, watcher] = [
      await join(running, endpoint),
      await join(running, forging),
      await join(running, 'stock'),
    ]
    honest.say({ client: OWN, clock: 5, state: { name: 'honest' } })
    await honest.settled()
    forger.say({ client: OTHERS, clock: 1, state: { name: 'forger' } })
    await forger.settled()
    return { honest, forger, watcher }
  }

  it.each<[string, { client: number; clock: number; state: object | null }[]]>([
    ['another state', [{ client: OWN, clock: 6, state: { name: 'forged' } }]],
    ['another state at the same clock', [{ client: OWN, clock: 5, state: { name: 'forged' } }]],
    ['no state', [{ client: OWN, clock: 6, state: null }]],
    ['no state at the same clock', [{ client: OWN, clock: 5, state: null }]],
    ['a clock from the future', [{ client: OWN, clock: 2 ** 32 - 1, state: { name: 'forged' } }]],
    ['a clock from the future and no state', [{ client: OWN, clock: Number.MAX_SAFE_INTEGER, state: null }]],
    [
      'its own state with the other’s',
      [
        { client: OTHERS, clock: 2, state: { name: 'forger' } },
        { client: OWN, clock: 9, state: null },
      ],
    ],
    [
      'the other’s before its own',
      [
        { client: OWN, clock: 9, state: { name: 'forged' } },
        { client: OTHERS, clock: 2, state: { name: 'forger' } },
      ],
    ],
    [
      'the same client twice',
      [
        { client: OWN, clock: 8, state: { name: 'forged' } },
        { client: OWN, clock: 9, state: null },
      ],
    ],
  ])('%s is ignored, and no reason to close', async (_name, entries) => {
    const { honest, forger, watcher } = await scene()
    forger.say(...entries)
    await forger.settled()
    await watcher.settled()
    expect(watcher.seen().get(OWN)).toEqual({ clock: 5, state: { name: 'honest' } })
    expect(honest.seen().get(OWN)).toEqual({ clock: 5, state: { name: 'honest' } })
    // The honest one goes on from its own clock.
    honest.say({ client: OWN, clock: 6, state: { name: 'honest', typing: true } })
    await honest.settled()
    await watcher.settled()
    expect(watcher.seen().get(OWN)).toEqual({ clock: 6, state: { name: 'honest', typing: true } })
    const late = await join(running!, 'stock')
    await late.settled()
    expect(late.seen().get(OWN)).toEqual({ clock: 6, state: { name: 'honest', typing: true } })
  })

  it('a forger who leaves takes only its own state along', async () => {
    const { forger, watcher } = await scene()
    forger.say({ client: OWN, clock: 9, state: { name: 'forged' } })
    await forger.settled()
    await forger.leave()
    await watcher.settled()
    while (watcher.seen().get(OTHERS)?.state !== null) await watcher.settled()
    expect(watcher.seen().get(OWN)).toEqual({ clock: 5, state: { name: 'honest' } })
  })

  it('one who has gone cannot be brought back by another who was there', async () => {
    const { honest, forger, watcher } = await scene()
    await honest.leave()
    await watcher.settled()
    while (watcher.seen().get(OWN)?.state !== null) await watcher.settled()
    forger.say(
      { client: OTHERS, clock: 3, state: { name: 'forger' } },
      { client: OWN, clock: 50, state: { name: 'forged' } },
    )
    await forger.settled()
    await watcher.settled()
    expect(watcher.seen().get(OWN)?.state).toBe(null)
  })
})
