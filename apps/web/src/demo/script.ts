/** What the demo model decides to do about a question: a pure function, so that a test can read it. */
export type DemoStep =
  | { readonly kind: 'reasoning'; readonly text: string }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tool'; readonly name: 'current_time' | 'weather'; readonly input: Record<string, string> }
  | { readonly kind: 'fail'; readonly message: string }

export interface DemoQuestion {
  /** What the reader wrote last. */
  readonly text: string
  /** How many messages the model was sent, this question included. */
  readonly messages: number
  /** Results of the tools it asked for in this turn; empty on the first step. */
  readonly results: readonly { readonly tool: string; readonly output: unknown }[]
}

const signature = '\n\n*This is the built-in demo model: a script, not an AI. Name a real one under **Settings**.*'

function cityIn(text: string): string {
  const found = /\b(?:in|for|at)\s+([\p{Lu}][\p{L}.'-]*(?:\s+[\p{Lu}][\p{L}.'-]*)*)/u.exec(text)
  return found?.[1] ?? 'Lisbon'
}

function field(output: unknown, name: string): string {
  const value = typeof output === 'object' && output !== null ? (output as Record<string, unknown>)[name] : undefined
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '?'
}

function afterTools(question: DemoQuestion): DemoStep[] {
  const lines = question.results.map(({ tool, output }) =>
    tool === 'weather'
      ? `In **${field(output, 'city')}** it is **${field(output, 'temperature')} °C** and ${field(output, 'sky')}, wind ${field(output, 'wind')} km/h. The figures are invented on this device, so keep an umbrella at hand.`
      : `It is **${field(output, 'time')}** on ${field(output, 'date')} (${field(output, 'timeZone')}). I asked this device's clock through a tool call, which you can open above.`,
  )
  return [{ kind: 'text', text: lines.join('\n\n') + signature }]
}

const formatting = `Here is what an answer can hold.

## Text

Words can be **strong**, *stressed* or \`code\`; a list keeps its order:

1. Each conversation is one document.
2. It is written to this device first.
3. Then it goes to the relay, if there is one.

## Code

\`\`\`ts
import { openStore, indexedDbPersistence } from '@holdfast/store'

const store = await openStore({ space: 'default', persistence: indexedDbPersistence({ space: 'default' }) })
const conversation = await store.create({ title: 'Tides' })
\`\`\`

## A table

| What you see | What it means |
|---|---|
| Saved on this device | it is committed to this browser's disk |
| Synced | the relay has it on disk too |
| Offline | it will be sent when the relay is back |

> Nothing in between is called either.`

const story = [
  'A holdfast is what anchors kelp to rock. It looks like a root, but it takes no food from the ground: all it does is hold.',
  'A storm passes over and pulls at every frond. The fronds give way, fold and stream with the water, and that is why they survive. The holdfast does not give way at all.',
  'Each branch of it, a hapteron, grows down and outwards, finds a crack no wider than a hair, and sets there like glue. A young plant has four or five. An old one has hundreds, layered like the roof of a tent.',
  'Inside that tent live brittle stars, small crabs, worms and the young of many fish. Biologists have counted more than ten thousand animals in a single one. They came for shelter, and the shelter stays because it was made to outlast weather.',
  'When the plant is torn away, the holdfast is the last part to go, and it often takes a piece of the rock along. Beaches after winter storms are full of kelp that still grips its stone.',
  'There is something to learn from it about keeping what was said. Most of a conversation is movement: words come and go with the current. What matters is that one part of it does not move, sits in many small cracks at once, and needs no permission from the sea.',
]

const known: readonly { readonly when: RegExp; readonly steps: (question: DemoQuestion) => DemoStep[] }[] = [
  {
    when: /\b(weather|rain|forecast|temperature)\b/i,
    steps: ({ text }) => [
      {
        kind: 'reasoning',
        text: `The question is about the weather in ${cityIn(text)}. I cannot look out of a window, but there is a tool called weather. I will ask it before I answer.`,
      },
      { kind: 'tool', name: 'weather', input: { city: cityIn(text) } },
    ],
  },
  {
    when: /\b(what(?:'s| is)? the (?:time|date)|time is it|what day|current (?:time|date)|clock)\b/i,
    steps: () => [
      {
        kind: 'reasoning',
        text: 'A model does not know what time it is. This device does, and there is a tool for asking it.',
      },
      { kind: 'tool', name: 'current_time', input: {} },
    ],
  },
  {
    when: /\b(fail|break|error)\b.*\b(demo|please|purpose|pretend)\b|\bpretend\b.*\b(fail|error)/i,
    steps: () => [
      { kind: 'text', text: 'I am going to stop in the middle of this sentence, so that you can see' },
      { kind: 'fail', message: 'the demo model failed because you asked it to' },
    ],
  },
  { when: /\b(markdown|format|table|code)\b/i, steps: () => [{ kind: 'text', text: formatting + signature }] },
  {
    when: /\b(long|story|essay|tell me about)\b/i,
    steps: () => [{ kind: 'text', text: story.join('\n\n') + signature }],
  },
]

function greeting({ text, messages }: DemoQuestion): string {
  const quoted = text.length > 160 ? `${text.slice(0, 157)}...` : text
  const earlier = messages > 1 ? ` I was sent ${messages} messages, this one included.` : ''
  return `I am the **demo model** that comes with Holdfast: a script, not an AI, so that you can see everything work before you connect one.

You wrote: “${quoted.replaceAll('\n', ' ')}”.${earlier}

Things to try:

- Ask *what time is it?* or about the weather to see **reasoning** and a **tool call**.
- Ask for a *long story*, then press **Stop**, or open this page in a second window and watch it arrive there.
- Ask about *markdown* to see code and a table.
- Turn off the network and keep writing. Nothing you see here is lost.

For real answers, open **Settings** and name any OpenAI-compatible endpoint; Ollama on this machine works.`
}

export function demoSteps(question: DemoQuestion): DemoStep[] {
  if (question.results.length > 0) return afterTools(question)
  const match = known.find(({ when }) => when.test(question.text))
  return match ? match.steps(question) : [{ kind: 'text', text: greeting(question) }]
}
