import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { OpenConversation } from '@holdfast/store'
import { type Random, seededRandom } from '@holdfast/testkit'
import { listed, reads, say, storeAt, wordsOf } from '../peers/store.ts'
import { startRelay } from '../process/relay.ts'

const CONVERSATIONS = 3
const WORDS = 30

/** What is done to the folder while the relay is away. */
export const DAMAGES = [
  'the end of the log is lost',
  'the log has a hole',
  'a table has a bad block',
  'all is lost',
] as const
export type Damage = (typeof DAMAGES)[number]

/**
 * Stores of people, connected when the relay dies; its folder is damaged, it comes back, and they make it whole again without being asked: a new device
 * reads everything. Other conversations, and new ones, go on.
 * @returns what was wrong
 */
export async function storesMakeWhole(damage: Damage, seed: number): Promise<string[]> {
  const random = seededRandom(seed)
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-stores-'))
  const data = join(folder, 'data')
  let relay = await startRelay({ data })
  const store = await storeAt(relay.url)
  const faults: string[] = []
  try {
    const conversations: OpenConversation[] = []
    for (let i = 0; i < CONVERSATIONS; i += 1) conversations.push(await store.create())
    for (let n = 0; n < WORDS; n += 1) {
      const conversation = random.pick(conversations)
      say(conversation, `word${n}`)
      await conversation.sent()
    }
    // One stays open, the others are closed: the store brings those too.
    for (const conversation of conversations.slice(1)) conversation.close()
    const port = new URL(relay.url).port
    await relay.end('SIGKILL')
    if (damage === 'a table has a bad block') await (await startRelay({ data })).end('SIGTERM')
    await doDamage(damage, data, random)
    relay = await startRelay({ data, args: ['--port', port] })
    const fresh = await storeAt(relay.url)
    for (const conversation of conversations) {
      await listed(fresh, conversation.id)
      const there = await fresh.open(conversation.id)
      await reads(there, (words) => words === wordsOf(conversation))
      there.close()
    }
    const another = await fresh.create()
    say(another, 'goes on')
    await another.sent()
    await fresh.close()
    const { code } = await relay.end('SIGTERM')
    if (code !== 0) faults.push(`it ended with ${code}`)
  } finally {
    await relay.end('SIGKILL')
    await store.close()
    await rm(folder, { recursive: true, force: true })
  }
  return faults
}

async function doDamage(damage: Damage, data: string, random: Random): Promise<void> {
  const log = join(data, 'log')
  const names = await readdir(log)
  if (damage === 'all is lost') {
    await rm(log, { recursive: true })
    return
  }
  const pattern = damage === 'a table has a bad block' ? /\.ldb$/ : /\.log$/
  const [name = ''] = names
    .filter((name) => pattern.test(name))
    .sort()
    .reverse()
  const path = join(log, name)
  const bytes = await readFile(path)
  if (damage === 'the end of the log is lost') {
    await truncate(path, Math.floor(bytes.length / 3))
    return
  }
  // In the middle of what documents are in; of a table the end is its index, which refuses the folder.
  const at = Math.floor(bytes.length * (0.2 + 0.4 * random.next()))
  bytes[at]! ^= 0x10
  await writeFile(path, bytes)
}
