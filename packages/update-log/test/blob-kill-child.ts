import { createHash } from 'node:crypto'
import { seededRandom } from '@holdfast/testkit'
import { openDiskBlobs } from '@holdfast/update-log/blobs'

/**
 * A process that puts blobs for documents, purges documents and sweeps, from many writers, until it is killed. Says on standard output
 * what was done when it was: `put <document> <hash>`, `release <document>`.
 */
const [directory = '', seed = '1', session = '0'] = process.argv.slice(2)
const random = seededRandom(Number(seed))
const blobs = await openDiskBlobs(directory)
process.stdout.write(`opened ${blobs.opened.damaged.length}\n`)

async function* parts(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 30_000) yield bytes.subarray(at, at + 30_000)
}

async function write(writer: number): Promise<never> {
  for (let n = 0; ; n += 1) {
    const bytes = new Uint8Array(1 + random.int(100_000)).fill(writer + 1)
    new DataView(bytes.buffer).setUint8(0, random.int(256))
    const hash = createHash('sha256').update(bytes).digest('hex')
    const document = `d${session}-${writer}-${n}`
    process.stdout.write(`begin ${document} ${hash}\n`)
    await blobs.put({ space: 'default', hash }, 'image/png', parts(bytes), 200_000, { document })
    process.stdout.write(`put ${document} ${hash}\n`)
    if (random.int(3) > 0) continue
    process.stdout.write(`releasing ${document}\n`)
    await blobs.release({ space: 'default', document })
  }
}

async function sweep(): Promise<never> {
  for (;;) {
    await blobs.sweep(0)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

await Promise.race([...Array.from({ length: 8 }, (_, writer) => write(writer)), sweep()])
