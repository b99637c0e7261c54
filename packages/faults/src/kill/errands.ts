import { createHash } from 'node:crypto'
import { encodeStateVector, REFUSAL } from '@holdfast/protocol'
import type { Random } from '@holdfast/testkit'
import { Author } from '../peers/author.ts'
import { SyncPeer } from '../peers/sync.ts'
import { ADMIN_TOKEN } from '../process/relay.ts'

const EMPTY = encodeStateVector(new Map())
/** At most so many of each kind in one life, beside the writers: the token ledger and the blobs' folder grow with each. */
const MOST_IN_A_LIFE = 3
/** Of what was acknowledged longer ago, so many are looked at in each life; the end looks at all. */
const LOOKED_AT_AGAIN = 3
/** Longer than any run. */
const TOKEN_MS = 7 * 24 * 3_600_000

interface Blob {
  readonly hash: string
  readonly bytes: Uint8Array
}

interface Purged {
  readonly document: string
  readonly epoch: string
}

interface Token {
  readonly id: string
  readonly token: string
}

/** How many of each the relay has acknowledged. */
export interface ErrandCounts {
  readonly purges: number
  readonly blobs: number
  readonly tokens: number
  readonly revocations: number
}

/**
 * What people ask of a relay beside writing, over its deaths: documents that are purged, files that are put, tokens that are made and revoked.
 * What was acknowledged must stand after every death; what was under way may have happened or not, but not by half.
 */
export class Errands {
  readonly #purged: Purged[] = []
  readonly #blobs: Blob[] = []
  /** Put, and not answered. */
  #perhaps: Blob[] = []
  readonly #tokens: Token[] = []
  readonly #revoked: Token[] = []
  #made = 0

  get counts(): ErrandCounts {
    const [revocations, valid] = [this.#revoked.length, this.#tokens.length]
    return { purges: this.#purged.length, blobs: this.#blobs.length, tokens: valid + revocations, revocations }
  }

  /** Goes on errands until there were enough of them or the relay is gone. Never rejects for the relay's death. */
  async run(url: string, random: Random): Promise<void> {
    const kinds = [() => this.#purge(url, random), () => this.#put(url, random), () => this.#token(url, random)]
    await Promise.all(
      kinds.map(async (errand) => {
        for (let n = random.int(MOST_IN_A_LIFE + 1); n > 0; n -= 1) if (!(await errand())) return
      }),
    )
  }

  /** @returns what of the acknowledged does not stand; looks at the latest of each kind and some of the others, or at all */
  async check(url: string, random: Random, all: boolean): Promise<string[]> {
    const some = <T>(of: readonly T[]): T[] => {
      if (all) return [...of]
      const older = Array.from({ length: Math.min(LOOKED_AT_AGAIN, of.length) }, () => random.pick(of))
      return [...new Set([...of.slice(-MOST_IN_A_LIFE), ...older])]
    }
    const perhaps = this.#perhaps
    this.#perhaps = []
    const found = await Promise.all([
      this.#checkPurges(url, some(this.#purged)),
      eachInTurn(some(this.#blobs), async ({ hash }) => {
        const met = await meetBlob(url, hash)
        return met === 'whole' ? null : `the blob ${hash} was acknowledged and is ${met}`
      }),
      eachInTurn(perhaps, async ({ hash }) => {
        const met = await meetBlob(url, hash)
        return met === 'whole' || met === 404 ? null : `the blob ${hash} was being put and is ${met}`
      }),
      eachInTurn(some(this.#tokens), async ({ id, token }) => {
        const status = await enter(url, token)
        return status === 200 ? null : `the token ${id} was made and is answered with ${status}`
      }),
      eachInTurn(some(this.#revoked), async ({ id, token }) => {
        const status = await enter(url, token)
        return status === 401 ? null : `the token ${id} was revoked and is answered with ${status}`
      }),
    ])
    return found.flat()
  }

  /** @returns false when the relay went */
  async #purge(url: string, random: Random): Promise<boolean> {
    this.#made += 1
    const document = `purged${this.#made}`
    const author = new Author(this.#made, random)
    const answered = Promise.withResolvers<boolean>()
    const peer = new SyncPeer({
      url,
      client: `errand${this.#made}`,
      onEffect: (effect) => {
        if (effect.kind === 'answered') answered.resolve(effect.answer.kind === 'done')
      },
    })
    void peer.closed.then(() => answered.resolve(false))
    peer.connect().then(
      () => {
        let epoch = ''
        const wish = { document, epoch: '', seq: 0, mode: 'exchange', stateVector: EMPTY } as const
        peer.open(wish, (effect, opening) => {
          if (effect.kind === 'opened') {
            epoch = effect.epoch
            peer.handle({ kind: 'channel', opening, event: { kind: 'update', update: author.next() } })
          } else if (effect.kind === 'acked') {
            peer.purge(document, epoch)
            void answered.promise.then((isDone) => isDone && this.#purged.push({ document, epoch }))
          }
        })
      },
      () => undefined,
    )
    const isDone = await answered.promise
    peer.leave()
    await peer.closed
    return isDone
  }

  async #checkPurges(url: string, purged: readonly Purged[]): Promise<string[]> {
    if (purged.length === 0) return []
    const peer = new SyncPeer({ url, client: 'errand-look' })
    await peer.connect()
    const found = await eachInTurn(purged, async ({ document, epoch }) => {
      // By its name alone, and as a device that still has it.
      for (const known of ['', epoch]) {
        const met = await new Promise<string | number>((resolve) => {
          void peer.closed.then(() => resolve('gone'))
          const wish = { document, epoch: known, seq: 0, mode: 'exchange', stateVector: EMPTY } as const
          peer.open(wish, (effect) => {
            if (effect.kind === 'opened') resolve(`there at ${effect.seq}`)
            else if (effect.kind === 'refused') resolve(effect.code)
          })
        })
        if (met !== REFUSAL.EPOCH_PURGED) return `${document} was purged and is ${met}`
      }
      return null
    })
    peer.leave()
    await peer.closed
    return found
  }

  async #put(url: string, random: Random): Promise<boolean> {
    const bytes = random.bytes(1 + random.int(6_000))
    const blob = { hash: createHash('sha256').update(bytes).digest('hex'), bytes }
    this.#perhaps.push(blob)
    // Named by a document, or the relay may let go of it.
    const answer = await ask(`${url}/blobs/default/${blob.hash}?document=errands`, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream' },
      body: Uint8Array.from(bytes),
    })
    if (answer === null || !answer.ok) return false
    this.#perhaps = this.#perhaps.filter((other) => other !== blob)
    this.#blobs.push(blob)
    return true
  }

  /** Makes one, or revokes one that was made. */
  async #token(url: string, random: Random): Promise<boolean> {
    const old = random.chance(0.5) ? this.#tokens.shift() : undefined
    if (old !== undefined) {
      // From here on it may be revoked or not.
      const answer = await ask(`${url}/admin/tokens/${old.id}`, { method: 'DELETE' })
      if (answer === null || !answer.ok) return false
      this.#revoked.push(old)
      return true
    }
    const answer = await ask(`${url}/admin/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: 'errand', spaces: ['default'], role: 'write', expires: Date.now() + TOKEN_MS }),
    })
    if (answer === null || !answer.ok) return false
    const { token, record } = JSON.parse(answer.text) as { token: string; record: { id: string } }
    this.#tokens.push({ id: record.id, token })
    return true
  }
}

interface Answer {
  readonly ok: boolean
  readonly text: string
}

/** @returns null when the relay went before it had answered whole */
async function ask(url: string, init: RequestInit & { headers?: Record<string, string> }): Promise<Answer | null> {
  try {
    const headers = { ...init.headers, authorization: `Bearer ${ADMIN_TOKEN}` }
    const response = await fetch(url, { ...init, headers })
    return { ok: response.ok, text: await response.text() }
  } catch (error) {
    // What fetch says of a connection that broke, also in the middle of an answer.
    if (error instanceof TypeError) return null
    throw error
  }
}

async function meetBlob(url: string, hash: string): Promise<'whole' | 'wrong' | number> {
  const response = await fetch(`${url}/blobs/default/${hash}`, { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } })
  const bytes = new Uint8Array(await response.arrayBuffer())
  if (!response.ok) return response.status
  return createHash('sha256').update(bytes).digest('hex') === hash ? 'whole' : 'wrong'
}

async function enter(url: string, token: string): Promise<number> {
  const response = await fetch(`${url}/access/default`, { headers: { authorization: `Bearer ${token}` } })
  await response.arrayBuffer()
  return response.status
}

async function eachInTurn<T>(of: readonly T[], look: (one: T) => Promise<string | null>): Promise<string[]> {
  const found: string[] = []
  for (const one of of) {
    const fault = await look(one)
    if (fault !== null) found.push(fault)
  }
  return found
}
