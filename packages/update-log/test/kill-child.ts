import { seededRandom } from '@holdfast/testkit'
import { openLevelLog } from '@holdfast/update-log/level'
import * as Y from 'yjs'

/**
 * A process that appends to some documents from many writers and compacts them all the time, until it is killed. Says each append on standard output
 * once it was acknowledged: `<document> <seq>`.
 */
const [directory = '', seed = '1', session = '0'] = process.argv.slice(2)
const random = seededRandom(Number(seed))
const log = await openLevelLog({ directory })
process.stdout.write(`opened ${log.opened.renewed?.reason ?? 'whole'}\n`)

const DOCUMENTS = 4
const WRITERS = 20
/** Other documents every ten sessions, so that they stay small enough to be compacted often. */
const era = Math.floor(Number(session) / 10)

async function write(writer: number): Promise<never> {
  const doc = new Y.Doc()
  doc.clientID = Number(session) * 1_000 + writer + 1
  const ref = { space: 'default', document: `d${writer % DOCUMENTS}-${era}` }
  const map = doc.getMap<number>('acknowledged')
  let update: Uint8Array = new Uint8Array()
  doc.on('update', (bytes: Uint8Array) => {
    update = bytes
  })
  for (let n = 0; ; n += 1) {
    // A key of its own for each, so that what is there can be counted whatever was compacted.
    map.set(`${session}/${writer}/${n}`, n)
    await log.append(ref, update)
    process.stdout.write(`d${writer % DOCUMENTS}-${era} ${session}/${writer}/${n}\n`)
  }
}

async function compact(): Promise<never> {
  for (;;) {
    const ref = { space: 'default', document: `d${random.int(DOCUMENTS)}-${era}` }
    if ((await log.stat(ref)) === null) continue
    const { outcome } = await log.compact(ref)
    process.stdout.write(`compacted ${outcome}\n`)
  }
}

await Promise.race([...Array.from({ length: WRITERS }, (_, writer) => write(writer)), compact()])
