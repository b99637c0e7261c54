import type { Random } from '@holdfast/testkit'

const WORDS =
  'the relay keeps each update until it is on disk and then shows it to every other window that has the document open so nothing anyone saw can be lost when a process ends while a conversation streams its answer token by token into one text that is only ever appended to because setting it again costs as much as all that came before'.split(
    ' ',
  )

const CODE = `\`\`\`ts
export async function readAll(paths: readonly string[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const path of paths) found.set(path, await readFile(path, 'utf8'))
  return found
}
\`\`\``

function sentence(random: Random): string {
  const words = Array.from({ length: 6 + random.int(14) }, () => random.pick(WORDS))
  const text = words.join(' ')
  return `${text[0]!.toUpperCase()}${text.slice(1)}.`
}

export function title(random: Random): string {
  return sentence(random)
    .slice(0, -1)
    .slice(0, 24 + random.int(40))
    .trimEnd()
}

/** What a person asks: one to three sentences. */
export function question(random: Random): string {
  return Array.from({ length: 1 + random.int(3) }, () => sentence(random)).join(' ')
}

/** What a model answers: paragraphs, a list now and then, and code in one answer of four. About 900 characters. */
export function answer(random: Random): string {
  const blocks = Array.from({ length: 1 + random.int(4) }, () =>
    Array.from({ length: 1 + random.int(4) }, () => sentence(random)).join(' '),
  )
  if (random.chance(0.3))
    blocks.push(Array.from({ length: 4 }, () => `- **${random.pick(WORDS)}** ${sentence(random)}`).join('\n'))
  if (random.chance(0.25)) blocks.push(CODE)
  return blocks.join('\n\n')
}

/** What a command printed: about 2.6 KB in lines. */
export function output(random: Random): string {
  return Array.from({ length: 40 }, (_, line) => `${line + 1}: ${sentence(random)}`.slice(0, 65)).join('\n')
}
