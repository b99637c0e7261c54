/*
 * A long answer that streams is split into blocks that stand alone, so that only the last one is parsed and rendered
 * again for each delta. Joining the blocks gives the text back, byte for byte.
 */

const fence = /^ {0,3}(`{3,}|~{3,})/
const listItem = /^ {0,3}(?:[-+*]|\d{1,9}[.)])(?:\s|$)/
/** Definitions are seen from everywhere in a document, so a text that has one is not split. */
const definition = /^ {0,3}\[[^\]\n]+\]:/m
const html = /^ {0,3}<[a-zA-Z!/?]/

type Open = { readonly kind: 'fence'; readonly mark: string } | { readonly kind: 'list' | 'html' } | null

function opens(line: string): Open {
  const mark = fence.exec(line)?.[1]
  if (mark) return { kind: 'fence', mark }
  if (listItem.test(line)) return { kind: 'list' }
  if (html.test(line)) return { kind: 'html' }
  return null
}

function closesFence(line: string, mark: string): boolean {
  const trimmed = line.trim()
  return trimmed.length >= mark.length && trimmed === mark[0]?.repeat(trimmed.length)
}

/** Splits markdown at blank lines that end a block: not inside a fence, a list (with what is indented under it) or HTML. */
export function splitBlocks(text: string): string[] {
  if (definition.test(text)) return [text]
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? []
  const blocks: string[] = []
  let block = ''
  let open: Open = null
  let blank = false
  for (const line of lines) {
    if (open?.kind === 'fence') {
      block += line
      if (closesFence(line, open.mark)) open = null
      continue
    }
    if (line.trim() === '') {
      block += line
      blank = block.trim() !== ''
      continue
    }
    const indented = /^(?: {2,}|\t)/.test(line)
    const goesOn = (open?.kind === 'list' && (indented || listItem.test(line))) || open?.kind === 'html' || indented
    if (blank && !goesOn) {
      blocks.push(block)
      block = ''
      open = null
    }
    const inside = open
    if (!inside || inside.kind === 'list') {
      const next = opens(line)
      // A fence inside a list item belongs to the list: it must not hide where the list ends.
      if (next && !(inside && next.kind === 'fence' && indented)) open = next
    }
    block += line
    blank = false
  }
  if (block !== '') blocks.push(block)
  return blocks
}
