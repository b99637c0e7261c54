import { addMessage, type Message } from '@holdfast/conversation'
import { indexedDbPersistence, openStore, statusText } from '@holdfast/store'
import { expect, test } from 'vitest'
import readme from '../../../README.md?raw'

/** Settles in the order the test needs: the values it names, one after the other. */
async function* answerOf(...tokens: string[]): AsyncGenerator<string> {
  yield* tokens
}

test('the README’s ten lines do what they say', async () => {
  const relay = null
  const answer = answerOf('An anchor', ' holds fast.')
  const rendered: { messages: readonly Message[]; status: string }[] = []
  const render = (messages: readonly Message[], status: string) => void rendered.push({ messages, status })
  const lines = /```ts\n([\s\S]*?)```/.exec(readme)?.[1]
  if (lines === undefined) throw new Error('the README has no example')
  const run = new Function(
    ...['openStore', 'indexedDbPersistence', 'addMessage', 'statusText', 'relay', 'answer', 'render'],
    `return (async () => {\n${lines}\nreturn { store, conversation }\n})()`,
  )
  const { store, conversation } = await run(
    openStore,
    indexedDbPersistence,
    addMessage,
    statusText,
    relay,
    answer,
    render,
  )
  expect(
    rendered
      .at(-1)
      ?.messages.map((message) => message.parts.map((part) => (part.type === 'text' ? part.text : part.type))),
  ).toEqual([['Hello'], ['An anchor holds fast.']])
  expect(rendered.at(-1)?.status).toMatch(/^Saved on this device/)
  expect(store.list.get().map((item: { summary: { title: string } }) => item.summary.title)).toEqual(['Anchors'])
  conversation.close()
  await store.close()
})
