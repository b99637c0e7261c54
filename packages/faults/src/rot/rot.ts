import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Random, seededRandom } from '@holdfast/testkit'
import { openAhead } from '@holdfast/update-log/ahead'
import * as Y from 'yjs'
import { readDocument } from '../peers/attempt.ts'
import { getBlob, putBlob } from '../peers/blobs.ts'
import { ADMIN_TOKEN, NotStartedError, type RelayProcess, runHoldfast, startRelay } from '../process/relay.ts'
import { type Harm, harm, kindsIn } from './harm.ts'
import { type Visit, visit, type Witness, writeDocuments } from './witness.ts'

export interface RotOptions {
  readonly harms: number
  readonly seed: number
  /** The kinds of file that are harmed; every one when it is not given. */
  readonly kinds?: readonly string[]
  readonly onHarm?: (done: number) => void
  readonly isEnough?: () => boolean
}

/** How it was met: not at all, on opening (the command says so and ends), or on reading. */
export type Noticed =
  | 'harmless'
  | 'refused to start'
  | 'repaired, all read'
  | 'repaired, some brought'
  | 'history renewed'
  | 'document set aside'
  | 'blob set aside'

/** What `holdfast repair` always makes one that opens of. The key is no part of what it can read anywhere else. */
const REPAIRABLE = ['table', 'index of a table', 'log', 'list of files', 'CURRENT', 'LOCK', 'mark', 'version']
/** Of these nothing is lost but which file is what, and files say that themselves. */
const HOLDS_NOTHING = ['index of a table', 'list of files', 'CURRENT', 'LOCK', 'version']

export interface RotReport {
  readonly seed: number
  readonly harms: number
  /** By kind of file, how often it was met how. */
  readonly outcomes: ReadonlyMap<string, ReadonlyMap<Noticed, number>>
  readonly seconds: number
  readonly faults: readonly string[]
}

const DOCUMENTS = 5
const UPDATES = 24

interface Pristine {
  readonly data: string
  readonly witness: Witness
  readonly blobs: readonly { readonly hash: string; readonly bytes: Uint8Array }[]
  /** A token that lets nobody in any more. */
  readonly revoked: string
}

/** A folder as the relay left it, all of it acknowledged. Opened once more, what was in LevelDB's log is in its tables. */
async function makePristine(folder: string, name: string, isOpenedAgain: boolean, random: Random): Promise<Pristine> {
  const data = join(folder, name)
  const relay = await startRelay({ data })
  const witness = await writeDocuments(relay.url, DOCUMENTS, UPDATES, random)
  const blobs: { hash: string; bytes: Uint8Array }[] = []
  for (let i = 0; i < 3; i += 1) {
    const bytes = random.bytes(2_000)
    blobs.push({ hash: await putBlob(relay.url, bytes, i === 0 ? null : `document-${i}`), bytes })
  }
  await revoke(relay)
  const revoked = relay.token
  await relay.end('SIGTERM')
  if (isOpenedAgain) await (await startRelay({ data })).end('SIGTERM')
  await leaveShown(data)
  return { data, witness, blobs, revoked }
}

const ONLY_SHOWN = 'only-shown'
const WORD = 'word '

/** As if it had been killed while a conversation streamed that nobody has on the disk: what is whole of that is brought in by whoever starts next. */
async function leaveShown(data: string): Promise<void> {
  const ahead = await openAhead(data)
  const doc = new Y.Doc()
  doc.on('update', (update: Uint8Array) => {
    const shown = { space: 'default', document: ONLY_SHOWN, epoch: 'shown', update }
    if (!ahead.write(shown)) throw new Error('nothing can be written ahead here')
  })
  for (let i = 0; i < UPDATES; i += 1) doc.getText('text').insert(doc.getText('text').length, WORD)
  await ahead.close()
}

/** Harms one file after the other, each time in a fresh copy of a sound folder, and looks what the relay and its clients make of it. */
export async function rot({
  harms,
  seed,
  kinds: wanted,
  onHarm,
  isEnough = () => false,
}: RotOptions): Promise<RotReport> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-rot-'))
  const random = seededRandom(seed)
  const begun = performance.now()
  const outcomes = new Map<string, Map<Noticed, number>>()
  const faults: string[] = []
  let done = 0
  const pristine = [
    await makePristine(folder, 'in-log', false, random),
    await makePristine(folder, 'in-tables', true, random),
  ]
  while (done < harms && faults.length === 0 && !isEnough()) {
    const sound = pristine[done % pristine.length]!
    const kinds = await kindsIn(sound.data)
    // Every kind in its turn.
    const some = [...kinds.keys()].filter((kind) => wanted?.includes(kind) ?? true)
    const kind = some[Math.floor(done / pristine.length) % some.length]
    // This one of the folders has no such file.
    if (kind === undefined) {
      done += 1
      continue
    }
    const data = join(folder, 'harmed')
    await rm(data, { recursive: true, force: true })
    await cp(sound.data, data, { recursive: true })
    const done1 = await harm(data, kind, kinds.get(kind) ?? [], random)
    const { noticed, found } = await lookAndRepair(data, sound, done1)
    const of = outcomes.get(kind) ?? new Map<Noticed, number>()
    outcomes.set(kind, of)
    of.set(noticed, (of.get(noticed) ?? 0) + 1)
    faults.push(...found.map((fault) => `harm ${done + 1} (${describe(done1)}): ${fault}`))
    done += 1
    onHarm?.(done)
  }
  if (faults.length === 0) await rm(folder, { recursive: true, force: true })
  else faults.push(`the folder is kept: ${join(folder, 'harmed')}`)
  return { seed, harms: done, outcomes, seconds: (performance.now() - begun) / 1000, faults }
}

async function revoke(relay: RelayProcess): Promise<void> {
  const claims = JSON.parse(Buffer.from(relay.token.split('.')[1] ?? '', 'base64url').toString()) as { jti: string }
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
  const { status } = await fetch(`${relay.url}/admin/tokens/${claims.jti}`, { method: 'DELETE', headers })
  if (status !== 200) throw new Error(`the token could not be revoked (${status})`)
}

function describe({ file, what }: Harm): string {
  return `${file} ${what}`
}

interface Look {
  readonly noticed: Noticed
  readonly found: readonly string[]
}

/** A folder that the command refuses is repaired, as the refusal says, and looked at again. */
async function lookAndRepair(data: string, sound: Pristine, { kind }: Harm): Promise<Look> {
  const refused = await startOrRefusal(data)
  if ('url' in refused) return look(refused, sound, kind)
  if (refused.found.length > 0) return { noticed: 'refused to start', found: refused.found }
  const repaired = await runHoldfast('repair', '--data', data)
  const fault = (what: string): Look => ({ noticed: 'refused to start', found: [what] })
  const words = `repair ended with ${repaired.code}: ${repaired.out}${repaired.err}`
  if (repaired.code !== 0 || repaired.out.includes('nothing was done')) {
    if (REPAIRABLE.includes(kind) || !(repaired.code === 0 || /^holdfast: .+/.test(lastLineOf(repaired.err)))) {
      return fault(words)
    }
    const again = await startOrRefusal(data)
    if (!('url' in again)) return { noticed: 'refused to start', found: again.found }
    await again.end('SIGKILL')
    return fault(`it is served after ${words}`)
  }
  const verified = await runHoldfast('verify', '--data', data)
  if (verified.code !== 0) {
    return fault(`repaired, it does not verify: ${verified.out}${verified.err}`)
  }
  const again = await startOrRefusal(data)
  if (!('url' in again)) return fault(`repaired, it does not start: ${again.line} (${words})`)
  const { found, isAllRead } = await look(again, sound, kind)
  const short = !isAllRead && HOLDS_NOTHING.includes(kind) ? ['repaired, it lacks what can be read'] : []
  return { noticed: isAllRead ? 'repaired, all read' : 'repaired, some brought', found: [...found, ...short] }
}

async function startOrRefusal(
  data: string,
): Promise<RelayProcess | { readonly line: string; readonly found: string[] }> {
  try {
    return await startRelay({ data })
  } catch (error) {
    if (!(error instanceof NotStartedError)) throw error
    const { code, err } = error.ended
    const line = lastLineOf(err)
    const isSaid = code === 1 && /^holdfast: .+/.test(line)
    return { line, found: isSaid ? [] : [`it ended with ${code}: ${err}`] }
  }
}

function lastLineOf(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}

async function look(
  relay: RelayProcess,
  { witness, blobs, revoked }: Pristine,
  kind: string,
): Promise<Look & { readonly isAllRead: boolean }> {
  const found: string[] = []
  const first = await visit(relay.url, witness, false)
  const isSetAside = relay.said().some(({ event }) => event === 'document-set-aside')
  found.push(...silent(first))
  // Those who have it bring it, and then it is whole for whoever comes.
  await visit(relay.url, witness, true)
  const last = await visit(relay.url, witness, false)
  for (const [document, met] of last.met) if (met !== 'whole') found.push(`${document} is ${met} after all was brought`)
  if (last.met.size < witness.documents.size) found.push('not every document could be read')
  let isBlobGone = false
  for (const { hash, bytes } of blobs) {
    const met = await getBlob(relay.url, hash)
    if (met === 'wrong') found.push(`the blob ${hash} is given with other bytes`)
    if (met === 'whole') continue
    isBlobGone = true
    await putBlob(relay.url, bytes)
    const again = await getBlob(relay.url, hash)
    if (again !== 'whole') found.push(`the blob ${hash} is ${again} after it was put again`)
  }
  found.push(...(await shownFaults(relay.url, kind)))
  const entered = await fetch(`${relay.url}/access/default`, { headers: { authorization: `Bearer ${revoked}` } })
  if (entered.status !== 401) found.push(`a revoked token is answered with ${entered.status}`)
  const ready = await fetch(`${relay.url}/readyz`)
  const { quarantine } = (await ready.json()) as { quarantine?: string[] }
  if (ready.status !== 200) found.push(`/readyz answers ${ready.status}`)
  if (isSetAside && (quarantine ?? []).length === 0) found.push('/readyz names nothing in quarantine')
  const { code, err } = await relay.end('SIGTERM')
  if (code !== 0) found.push(`it ended with ${code}: ${err}`)
  const isRenewed = err.includes('"incarnation-renewed"')
  const noticed = isSetAside
    ? 'document set aside'
    : isRenewed
      ? 'history renewed'
      : isBlobGone
        ? 'blob set aside'
        : 'harmless'
  const isAllRead = [...first.met.values()].every((met) => met === 'whole')
  return { noticed, found, isAllRead }
}

/** What was left of what was shown: its beginning at least, and all of it when another file was harmed. */
async function shownFaults(url: string, kind: string): Promise<string[]> {
  const doc = await readDocument(url, ONLY_SHOWN)
  if (typeof doc === 'number') return [`what was shown is refused with ${doc}`]
  const text = doc.getText('text').toString()
  const words = text.length / WORD.length
  if (!Number.isInteger(words) || text !== WORD.repeat(words) || words > UPDATES) return [`what was shown is "${text}"`]
  return words < UPDATES && kind !== 'ahead' ? [`of what was shown ${words} of ${UPDATES} are there`] : []
}

/** Loss that nobody was told of, and documents that are wrong. */
function silent({ met, isOther }: Visit): string[] {
  return [...met].flatMap(([document, how]) => {
    if (how === 'wrong') return [`${document} is wrong`]
    if (how === 'short' && !isOther) return [`${document} is short, and the device that has it is not told`]
    return []
  })
}
