import { seededRandom } from '@holdfast/testkit'
import { describe, expect, test } from 'vitest'
import {
  addMessage,
  deleteMessage,
  lastShownId,
  modelMessages,
  readConversation,
  restoreMessage,
  selectAlternative,
} from '../src/index.ts'
import { type Order, type OrderNode, orderMessages } from '../src/order.ts'
import { copyOf, everyId, ids, NOON, newConversation, say, synchronise } from './support/documents.ts'

const node = (id: string, parent: string | null = null, createdAt = 0, replaces: string | null = null): OrderNode => ({
  id,
  parent,
  replaces,
  createdAt,
  deletedAt: null,
})
const order = (nodes: readonly OrderNode[], selected: Record<string, string> = {}): Order =>
  orderMessages(nodes, new Map(Object.entries(selected)))
const everyOnce = ({ shown, hidden }: Order): string[] => [...shown, ...hidden].sort()

describe('O1 a message names its parent', () => {
  test('O1 left out, the parent is the last message shown', () => {
    const doc = newConversation()
    say(doc, 'a')
    say(doc, 'b', 'b', { createdAt: NOON - 5000 })
    say(doc, 'c')
    const { messages } = readConversation(doc)
    expect(messages.map(({ id, parent }) => [id, parent])).toEqual([
      ['a', null],
      ['b', 'a'],
      ['c', 'b'],
    ])
    expect(lastShownId(readConversation(doc))).toBe('c')
  })

  test('O1 a clock that is behind does not move a message before what it follows', () => {
    const doc = newConversation()
    say(doc, 'a', 'a', { createdAt: NOON })
    say(doc, 'b', 'b', { createdAt: 1 })
    expect(ids(readConversation(doc).messages)).toEqual(['a', 'b'])
  })

  test('O1 the parent of an alternative is that of the original', () => {
    const doc = newConversation()
    say(doc, 'q')
    addMessage(doc, { id: 'a', role: 'assistant', createdAt: NOON, answers: 'q' })
    say(doc, 'q2')
    addMessage(doc, { id: 'a2', role: 'assistant', createdAt: NOON, replaces: 'a' })
    expect(readConversation(doc).messages.map(({ id, parent }) => [id, parent])).toEqual([
      ['q', null],
      ['a2', 'q'],
    ])
  })
})

describe('O2 depth first, siblings by time and id', () => {
  test('O2 two questions asked at once each keep their answer, and the next message comes after both', () => {
    const left = newConversation(1)
    say(left, 'start')
    const right = copyOf(left, 2)
    say(left, 'q-left', 'l', { createdAt: NOON + 1 })
    say(right, 'q-right', 'r', { createdAt: NOON + 2 })
    addMessage(left, { id: 'a-left', role: 'assistant', createdAt: NOON + 9, answers: 'q-left' })
    addMessage(right, { id: 'a-right', role: 'assistant', createdAt: NOON + 3, answers: 'q-right' })
    synchronise(left, right)
    say(right, 'next', 'n', { createdAt: NOON - 1 })
    synchronise(left, right)
    for (const doc of [left, right]) {
      expect(ids(readConversation(doc).messages)).toEqual(['start', 'q-left', 'a-left', 'q-right', 'a-right', 'next'])
    }
  })

  test('O2 equal times are ordered by id', () => {
    expect(order([node('b'), node('a'), node('c', null, -1)]).shown).toEqual(['c', 'a', 'b'])
  })

  test('O2 a chain of 10,000 and 10,000 siblings need no stack and little time', () => {
    const chain = Array.from({ length: 10_000 }, (_, i) => node(`m${i}`, i === 0 ? null : `m${i - 1}`, -i))
    expect(order(chain.toReversed()).shown).toEqual(chain.map(({ id }) => id))
    const siblings = Array.from({ length: 10_000 }, (_, i) => node(`m${i}`, 'root', i))
    expect(order([node('root'), ...siblings]).shown).toHaveLength(10_001)
    const alternatives = siblings.map((each, i) => ({ ...each, replaces: i === 0 ? null : `m${i - 1}` }))
    const { shown, hidden } = order([node('root'), ...alternatives])
    expect([shown, hidden.length]).toEqual([['root', 'm9999'], 9_999])
  })
})

describe('O3 alternatives', () => {
  test('O3 the newest is shown, the others are counted and one step away', () => {
    const doc = newConversation()
    say(doc, 'q')
    addMessage(doc, { id: 'a1', role: 'assistant', createdAt: NOON + 1, answers: 'q' })
    addMessage(doc, { id: 'a2', role: 'assistant', createdAt: NOON + 2, replaces: 'a1' })
    addMessage(doc, { id: 'a3', role: 'assistant', createdAt: NOON + 3, replaces: 'a2' })
    const shown = readConversation(doc).messages
    expect(ids(shown)).toEqual(['q', 'a3'])
    expect(shown[0]?.alternatives).toBeNull()
    expect(shown[1]?.alternatives).toEqual({
      group: 'answer:q',
      ids: ['a1', 'a2', 'a3'],
      index: 2,
      count: 3,
      continued: [],
      continuedElsewhere: false,
      hidden: 2,
    })
    selectAlternative(doc, 'a1')
    expect(ids(readConversation(doc).messages)).toEqual(['q', 'a1'])
  })

  test('O3 a new alternative is shown though another clock is ahead, and though another was selected', () => {
    const doc = newConversation()
    say(doc, 'q', 'q', { createdAt: NOON + 99_999 })
    say(doc, 'q2', 'q', { replaces: 'q' })
    expect(ids(readConversation(doc).messages)).toEqual(['q2'])
    selectAlternative(doc, 'q')
    say(doc, 'q3', 'q', { replaces: 'q' })
    expect(ids(readConversation(doc).messages)).toEqual(['q3'])
  })

  test('O3 what follows an unselected alternative is hidden with it, and it is badged', () => {
    const doc = newConversation()
    say(doc, 'q')
    say(doc, 'then', 'then')
    say(doc, 'last', 'last')
    say(doc, 'q2', 'q2', { replaces: 'q', createdAt: NOON + 1 })
    const conversation = readConversation(doc)
    expect(ids(conversation.messages)).toEqual(['q2'])
    expect(ids(conversation.hidden)).toEqual(['q', 'then', 'last'])
    expect(conversation.messages[0]?.alternatives).toMatchObject({
      continued: ['q'],
      continuedElsewhere: true,
      hidden: 3,
    })
    selectAlternative(doc, 'q')
    const back = readConversation(doc)
    expect(ids(back.messages)).toEqual(['q', 'then', 'last'])
    expect(back.messages[0]?.alternatives).toMatchObject({ continued: [], continuedElsewhere: false, hidden: 1 })
  })

  test('O3 two devices that answer the same question without knowing of each other leave two alternatives', () => {
    const left = newConversation(1)
    say(left, 'q')
    const right = copyOf(left, 2)
    addMessage(left, { id: 'a-left', role: 'assistant', createdAt: NOON + 1, answers: 'q' })
    addMessage(right, { id: 'a-right', role: 'assistant', createdAt: NOON + 2, answers: 'q' })
    synchronise(left, right)
    const [, answer] = readConversation(left).messages
    expect(answer).toMatchObject({ id: 'a-right', alternatives: { ids: ['a-left', 'a-right'], index: 1 } })
    expect(readConversation(right)).toEqual(readConversation(left))
  })

  test('O3 an alternative to what has not arrived yet stands in its place', () => {
    expect(order([node('b', 'p', 1, 'gone'), node('c', 'p', 2, 'gone'), node('p')]).shown).toEqual(['p', 'c'])
  })

  test('O3 a group stays where its original is', () => {
    const nodes = [node('a', null, 1), node('b', null, 2), node('a2', null, 9, 'a')]
    expect(order(nodes).shown).toEqual(['a2', 'b'])
  })

  test('O3 selecting something that is no member selects nothing', () => {
    const nodes = [node('a', null, 1), node('a2', null, 2, 'a'), node('x', null, 3)]
    for (const chosen of ['x', 'nobody']) expect(order(nodes, { a: chosen }).shown).toEqual(['a2', 'x'])
  })

  test('O3 a deleted alternative gives way to the newest that is left, and keeps its place otherwise', () => {
    const doc = newConversation()
    say(doc, 'q')
    say(doc, 'q2', 'q2', { replaces: 'q', createdAt: NOON + 1 })
    deleteMessage(doc, { message: 'q2', at: NOON + 2 })
    expect(readConversation(doc).messages).toMatchObject([{ id: 'q', alternatives: { ids: ['q', 'q2'] } }])
    deleteMessage(doc, { message: 'q', at: NOON + 3 })
    expect(readConversation(doc).messages).toMatchObject([{ id: 'q', deletedAt: NOON + 3 }])
    restoreMessage(doc, { message: 'q' })
    expect(readConversation(doc).messages).toMatchObject([{ id: 'q', deletedAt: null }])
  })
})

describe('O4 hostile parents', () => {
  test('O4 a message whose parent is unknown is shown at the root', () => {
    expect(order([node('a', null, 1), node('b', 'gone', 2), node('c', 'b', 3)]).shown).toEqual(['a', 'b', 'c'])
  })

  test('O4 messages on a cycle are shown at the root, what hangs from them below them', () => {
    const nodes = [node('a', 'c', 3), node('b', 'a', 2), node('c', 'b', 1), node('d', 'a', 0), node('self', 'self', 9)]
    expect(order(nodes).shown).toEqual(['c', 'b', 'a', 'd', 'self'])
  })

  test('O4 an alternative below itself is a cycle too', () => {
    const nodes = [node('a', 'c', 1), node('b', null, 2, 'a'), node('c', 'b', 3)]
    expect(everyOnce(order(nodes))).toEqual(['a', 'b', 'c'])
    expect(order(nodes).shown[0]).toBe('b')
    expect(order([node('a', 'b', 1), node('b', 'a', 2, 'a')]).shown).toEqual(['b'])
  })

  test('O4 messages that replace each other stand for themselves', () => {
    const nodes = [node('a', null, 1, 'b'), node('b', null, 2, 'a'), node('c', null, 3, 'a'), node('d', null, 4, 'd')]
    const result = order(nodes)
    expect(result.shown).toEqual(['c', 'b', 'd'])
    expect(result.alternatives.get('c')).toMatchObject({ group: 'a', ids: ['a', 'c'] })
  })
})

describe('O5 every message appears exactly once', () => {
  test('O5 whatever parents, replacements and selections say (300 seeds)', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const random = seededRandom(seed)
      const names = Array.from({ length: 1 + random.int(40) }, (_, i) => `m${i}`)
      const any = (chance: number): string | null =>
        random.chance(chance) ? random.pick([...names, 'gone', '', '__proto__']) : null
      const nodes = names.map((id) => ({
        ...node(id, any(0.8), random.int(5), any(0.4)),
        deletedAt: random.chance(0.2) ? 1 : null,
      }))
      const selected = Object.fromEntries(names.slice(0, 10).map((name) => [name, random.pick(names)]))
      const result = order(nodes, selected)
      expect(everyOnce(result), `seed ${seed}`).toEqual([...names].sort())
      const counted = [...result.alternatives.values()].reduce((sum, { hidden }) => sum + hidden, 0)
      expect(counted, `seed ${seed}`).toBe(result.hidden.length)
      expect(order(nodes.toReversed(), selected), `seed ${seed}`).toEqual(result)
    }
  })

  test('O5 shown and hidden together are all messages', () => {
    const doc = newConversation()
    for (const id of ['a', 'b', 'c']) say(doc, id)
    say(doc, 'b2', 'b2', { replaces: 'b' })
    expect(everyId(readConversation(doc))).toEqual(['a', 'b', 'b2', 'c'])
  })
})

describe('O6 what a model is sent is exactly what is shown', () => {
  test('O6 hidden alternatives and tombstones are not sent', () => {
    const doc = newConversation()
    say(doc, 'a')
    say(doc, 'b')
    say(doc, 'c')
    say(doc, 'b2', 'b2', { replaces: 'b' })
    say(doc, 'd')
    deleteMessage(doc, { message: 'd', at: NOON })
    const conversation = readConversation(doc)
    expect(ids(conversation.messages)).toEqual(['a', 'b2', 'd'])
    expect(ids(modelMessages(conversation))).toEqual(['a', 'b2'])
    expect(ids(modelMessages(conversation, { upTo: 'a' }))).toEqual(['a'])
    expect(() => modelMessages(conversation, { upTo: 'b' })).toThrow(expect.objectContaining({ code: 'NOT_FOUND' }))
  })
})
