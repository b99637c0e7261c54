import { addMessage, initConversation, readConversation, streamingWriter } from '@holdfast/conversation'
import { seededRandom } from '@holdfast/testkit'
import * as Y from 'yjs'
import { alternate } from '../alternate.ts'
import type { Benchmark } from '../benchmark.ts'
import { answer } from '../corpus/words.ts'

const CHARACTERS = 16 * 1024
const PIECE = 4
/** Yjs draws 32 random bits; most such ids take 5 bytes wherever they are written. */
const LONGEST_CLIENT_ID = 0xffffffff
const AT = Date.UTC(2026, 0, 1)

function longAnswer(seed: number): string {
  const random = seededRandom(seed)
  let text = ''
  while (text.length < CHARACTERS) text += `${answer(random)}\n\n`
  return text.slice(0, CHARACTERS)
}

function* pieces(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += PIECE) yield text.slice(at, at + PIECE)
}

/** Bytes of every update that `write` makes, and of the state that is left when the garbage is collected. */
function weigh(write: (doc: Y.Doc) => void): { updates: number; compacted: number; doc: Y.Doc } {
  const doc = new Y.Doc()
  doc.clientID = LONGEST_CLIENT_ID
  let updates = 0
  doc.on('update', (update: Uint8Array) => {
    updates += update.length
  })
  write(doc)
  const clean = new Y.Doc()
  Y.applyUpdate(clean, Y.encodeStateAsUpdate(doc))
  return { updates, compacted: Y.encodeStateAsUpdate(clean).length, doc }
}

function ours(text: string) {
  const { updates, compacted, doc } = weigh((doc) => {
    initConversation(doc, { id: 'conversation', createdAt: AT })
    addMessage(doc, { id: 'answer', role: 'assistant', parent: null, createdAt: AT, status: 'streaming' })
    const writer = streamingWriter(doc, 'answer')
    for (const piece of pieces(text)) writer.text(piece)
    writer.finish({ completedAt: AT + 1 })
  })
  const [message] = readConversation(doc).messages
  const part = message?.parts[0]
  if (message === undefined || part?.type !== 'text' || part.text !== text)
    throw new Error('what was streamed is not what is read')
  // The least that holds it: no field that is empty, so that the ratio is the hardest one.
  const json = JSON.stringify({ id: message.id, role: message.role, parts: [{ type: 'text', text: part.text }] }).length
  return { updates, compacted, json, ratio: compacted / json }
}

function mapSet(text: string) {
  return weigh((doc) => {
    const map = doc.getMap('message')
    let so = ''
    for (const piece of pieces(text)) {
      so += piece
      map.set('text', so)
    }
  })
}

function textAlone(text: string) {
  return weigh((doc) => {
    const target = doc.getText('text')
    for (const piece of pieces(text)) target.insert(target.length, piece)
  })
}

export const streaming: Benchmark = {
  name: 'streaming',
  title: '16 KB streamed in pieces of 4 characters',
  about:
    'Bytes of all updates from the first edit of an empty conversation to the end of the answer, and of the state after compaction, against the answer as the least JSON that holds it (id, role, one text part). References: `Y.Map.set` of the whole string at every piece, and a bare `Y.Text` appended to.',
  usesBrowser: false,
  async run(bench) {
    const { runs, say } = bench
    say(`streaming ${CHARACTERS / PIECE} pieces three ways, ${runs + 1} times`)
    const sizes = ({ updates, compacted }: { updates: number; compacted: number }) => ({ updates, compacted })
    const measured = await alternate(bench, {
      ours: (round) => ours(longAnswer(round)),
      mapSet: (round) => sizes(mapSet(longAnswer(round))),
      text: (round) => sizes(textAlone(longAnswer(round))),
    })
    return {
      figures: [
        {
          what: 'updates',
          values: measured.ours('updates'),
          unit: 'bytes',
          target: 150_000,
          beside: 'updates, Y.Text alone',
        },
        { what: 'compacted', values: measured.ours('compacted'), unit: 'bytes', beside: 'compacted, Y.Text alone' },
        { what: 'its JSON', values: measured.ours('json'), unit: 'bytes' },
        { what: 'compacted / its JSON', values: measured.ours('ratio'), unit: '×', target: 1.4 },
        { what: 'updates, Y.Text alone', values: measured.text('updates'), unit: 'bytes' },
        { what: 'compacted, Y.Text alone', values: measured.text('compacted'), unit: 'bytes' },
        { what: 'updates, Y.Map.set of the whole', values: measured.mapSet('updates'), unit: 'bytes' },
      ],
      notes: ['Each run streams another text.'],
    }
  },
}
