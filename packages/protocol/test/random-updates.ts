import type { Random } from '@holdfast/testkit'
import * as Y from 'yjs'

/** A document that keeps every update it ever emitted. */
export interface RecordedDoc {
  readonly doc: Y.Doc
  readonly updates: Uint8Array[]
}

export function recordedDoc(clientID: number, gc = true): RecordedDoc {
  const doc = new Y.Doc({ gc })
  doc.clientID = clientID
  const updates: Uint8Array[] = []
  doc.on('update', (update: Uint8Array, origin: unknown) => {
    if (origin !== 'sync') updates.push(update)
  })
  return { doc, updates }
}

const TEXTS = ['a', 'hello ', 'ü', '語', '😀', '👩‍👩‍👧', '', '\u0000', 'x'.repeat(200)]

function anyValue(random: Random, depth = 0): unknown {
  const values: (() => unknown)[] = [
    () => null,
    () => undefined,
    () => random.chance(0.5),
    () => random.int(1000) - 500,
    () => 2 ** 31 + random.int(1000),
    () => random.next(),
    () => 0.5,
    () => 12345678901234567890n,
    () => random.pick(TEXTS),
    () => random.bytes(random.int(5)),
    () => Array.from({ length: random.int(4) }, () => (depth > 2 ? 1 : anyValue(random, depth + 1))),
    () => ({ [random.pick(TEXTS)]: depth > 2 ? 1 : anyValue(random, depth + 1), b: {} }),
  ]
  return random.pick(values)()
}

function shared(random: Random): Y.AbstractType<unknown> {
  return random.pick([
    () => new Y.Map(),
    () => new Y.Array(),
    () => new Y.Text(),
    () => new Y.XmlFragment(),
    () => new Y.XmlElement('p'),
    () => new Y.XmlText(),
    () => new Y.XmlHook('hook'),
  ])() as Y.AbstractType<unknown>
}

/** A place in the text that is not inside a surrogate pair: what Yjs makes of such a cut depends on the order of arrival. */
function place(text: Y.Text, random: Random): number {
  const at = random.int(text.length + 1)
  const code = text
    .toDelta()
    .reduce((all: string, op: { insert: unknown }) => all + (typeof op.insert === 'string' ? op.insert : ' '), '')
    .charCodeAt(at)
  return code >= 0xdc00 && code <= 0xdfff ? at - 1 : at
}

const EDITS: ((doc: Y.Doc, random: Random) => void)[] = [
  (doc, random) => {
    const text = doc.getText('text')
    text.insert(place(text, random), random.pick(TEXTS))
  },
  (doc, random) => {
    const text = doc.getText('text')
    text.insert(text.length, random.pick(TEXTS))
  },
  (doc, random) => {
    const text = doc.getText('text')
    const [a, b] = [place(text, random), place(text, random)]
    if (Math.abs(a - b) < 20) text.delete(Math.min(a, b), Math.abs(a - b))
  },
  (doc, random) => {
    const text = doc.getText('text')
    const [a, b] = [place(text, random), place(text, random)]
    text.format(Math.min(a, b), Math.abs(a - b), { bold: random.chance(0.5) ? true : null })
  },
  (doc, random) => {
    doc.getText('text').insertEmbed(0, { image: [random.pick(TEXTS), { a: -1.5e3 }] })
  },
  (doc, random) => {
    doc.getMap('map').set(random.pick(['a', 'b', 'c']), anyValue(random))
  },
  (doc, random) => {
    doc.getMap('map').set(random.pick(['a', 'b', 'c']), shared(random))
  },
  (doc, random) => {
    doc.getMap('map').set('bytes', random.bytes(random.int(300)))
  },
  (doc, random) => {
    doc
      .getMap('map')
      .set('doc', new Y.Doc({ guid: `g${random.int(10)}`, autoLoad: random.chance(0.5), meta: { a: 1 } }))
  },
  (doc, random) => {
    doc.getMap('map').delete(random.pick(['a', 'b', 'c']))
  },
  (doc, random) => {
    const array = doc.getArray('array')
    array.insert(random.int(array.length + 1), [{ v: anyValue(random) }, random.pick(TEXTS)])
  },
  (doc, random) => {
    const array = doc.getArray('array')
    const map = new Y.Map()
    map.set('k', new Y.Text(random.pick(TEXTS)))
    array.push([map])
  },
  (doc, random) => {
    const array = doc.getArray('array')
    if (array.length > 0) array.delete(random.int(array.length), 1)
  },
  (doc, random) => {
    for (const value of doc.getArray('array').toArray()) {
      if (!(value instanceof Y.Map)) continue
      const text = value.get('k')
      if (text instanceof Y.Text) text.insert(text.length, random.pick(TEXTS))
    }
  },
]

/** One transaction of one to three random edits of every kind of content. */
export function randomEdit(doc: Y.Doc, random: Random): void {
  doc.transact(() => {
    for (let i = random.int(3); i >= 0; i--) random.pick(EDITS)(doc, random)
  })
}

/** Several replicas that edit and now and then exchange; everything each of them emitted by itself. */
export function randomHistory(random: Random, replicas: number, edits: number): RecordedDoc[] {
  const docs = Array.from({ length: replicas }, (_, i) =>
    recordedDoc(random.chance(0.5) ? i + 1 : random.int(2 ** 32) + i),
  )
  for (let i = 0; i < edits; i++) {
    randomEdit(random.pick(docs).doc, random)
    if (random.chance(0.3)) {
      const from = random.pick(docs).doc
      const to = random.pick(docs).doc
      Y.applyUpdate(to, Y.encodeStateAsUpdate(from, Y.encodeStateVector(to)), 'sync')
    }
  }
  return docs
}

export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const result = items.slice()
  for (let i = result.length - 1; i > 0; i--) {
    const j = random.int(i + 1)
    const item = result[i]!
    result[i] = result[j]!
    result[j] = item
  }
  return result
}

/** The whole state in a form that two documents with the same content share. */
export function stateOf(doc: Y.Doc): unknown {
  return {
    state: Y.decodeStateVector(Y.encodeStateVector(doc)),
    // Not the formatting: Yjs cleans up what it takes for redundant marks depending on the order of arrival, and two documents with
    // the same updates may differ in it.
    text: doc.getText('text').toString(),
    map: plain(doc.getMap('map').toJSON()),
    array: plain(doc.getArray('array').toJSON()),
    pending: doc.store.pendingStructs === null,
    pendingDeletes: doc.store.pendingDs === null,
  }
}

function plain(value: unknown): unknown {
  if (value instanceof Y.Doc) return `doc ${value.guid}`
  if (value instanceof Uint8Array) return `bytes ${value.join()}`
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]))
  }
  return value
}

export function docOf(...updates: Uint8Array[]): Y.Doc {
  const doc = new Y.Doc()
  doc.getText('text')
  doc.getMap('map')
  doc.getArray('array')
  for (const update of updates) Y.applyUpdate(doc, update)
  return doc
}
