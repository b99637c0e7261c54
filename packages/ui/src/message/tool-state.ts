import type { JsonValue, ToolState } from '@holdfast/conversation'

export type Tone = 'plain' | 'accent' | 'warn' | 'bad' | 'good'

export const toolStates: Record<ToolState, readonly [text: string, tone: Tone]> = {
  'input-streaming': ['Preparing', 'accent'],
  'input-available': ['Running', 'accent'],
  'approval-requested': ['Waiting for you', 'warn'],
  'approval-responded': ['Running', 'accent'],
  'output-available': ['Done', 'good'],
  'output-error': ['Failed', 'bad'],
  'output-denied': ['Not allowed', 'warn'],
}

/** `get_current-weather` reads as `Get current weather`. */
export function readableName(name: string): string {
  const words = name
    .replace(/[_-]+/g, ' ')
    .replace(/([a-z\d])([A-Z])/g, '$1 $2')
    .trim()
    .toLowerCase()
  return words ? words[0]?.toUpperCase() + words.slice(1) : 'Tool'
}

export function showJson(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value, null, 2)
}

/** One line of what a tool was asked, for the closed card. */
export function gist(input: JsonValue): string {
  if (input === null || typeof input !== 'object') return input === null ? '' : String(input)
  const values = Object.values(input).filter((value) => ['string', 'number', 'boolean'].includes(typeof value))
  return values.map(String).join(', ').slice(0, 120)
}
