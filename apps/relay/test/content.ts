import { seededRandom } from '@holdfast/testkit'
import { openLevelLog } from '@holdfast/update-log/level'
import * as Y from 'yjs'

/** The text of every document of a folder that no process has open. */
export async function textsOf(data: string): Promise<Record<string, string>> {
  const log = await openLevelLog({ directory: data })
  try {
    const texts: Record<string, string> = {}
    for (const space of await log.spaces()) {
      for (const stat of await log.documents(space)) {
        const loaded = await log.load({ space, document: stat.document })
        if (loaded === null) continue
        const doc = new Y.Doc()
        for (const update of loaded.snapshot === null ? loaded.updates : [loaded.snapshot, ...loaded.updates]) {
          Y.applyUpdate(doc, update)
        }
        texts[`${space}/${stat.document}`] = doc.getText('text').toString()
      }
    }
    return texts
  } finally {
    await log.close()
  }
}

/** A folder with real documents of text that does not compress. */
export async function fill(data: string, documents: number, characters: number): Promise<void> {
  const log = await openLevelLog({ directory: data })
  const random = seededRandom(documents)
  const write = async (i: number): Promise<void> => {
    const doc = new Y.Doc()
    doc.getText('text').insert(0, Buffer.from(random.bytes(characters)).toString('base64').slice(0, characters))
    await log.append({ space: 'default', document: `document-${i}` }, Y.encodeStateAsUpdate(doc))
  }
  for (let i = 0; i < documents; i += 50) {
    await Promise.all(Array.from({ length: Math.min(50, documents - i) }, (_, n) => write(i + n)))
  }
  await log.close()
}
