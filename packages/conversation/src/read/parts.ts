import * as Y from 'yjs'
import { asFields, type Fields } from '../schema.ts'
import type { Part } from '../types.ts'
import { isString, isTime } from '../vocabulary.ts'
import type { ReadContext } from './context.ts'
import { FieldTaker } from './fields.ts'
import { toPlain } from './plain.ts'
import { readToolCall } from './tool-call.ts'
import { readBlob, readFailure, readObject, readText } from './values.ts'

/** A message's parts; null when it is no list. What is no part in it is kept as `unknown`. */
export function readParts(value: unknown, context: ReadContext, depth: number): Part[] | null {
  if (!(value instanceof Y.Array)) return null
  return value.toArray().map((item: unknown, position) => {
    const fields = asFields(item)
    const part =
      fields === null ? unknownPart('', null, item) : context.cache.read(fields, () => readPart(fields, context, depth))
    // A part that was given no id goes by its position, which is not the part's own and may change.
    return part.id === '' ? { ...part, id: `#${position}` } : part
  })
}

function unknownPart(id: string, originalType: string | null, value: unknown): Part {
  return { type: 'unknown', id, originalType, value: toPlain(value), providerMetadata: null, extra: {} }
}

function readPart(fields: Fields, context: ReadContext, depth: number): Part {
  const type = fields.get('type')
  const storedId = fields.get('id')
  const id = isString(storedId) ? storedId : ''
  if (!isString(type)) return unknownPart(id, null, fields)
  const taker = new FieldTaker(fields)
  taker.string('id')
  taker.string('type')
  const part = readKnownPart(type, taker, { id, context, depth })
  return part === null ? unknownPart(id, type, fields) : part
}

interface PartPlace {
  readonly id: string
  readonly context: ReadContext
  readonly depth: number
}

/** null when the type is unknown, or what makes a part of that type is missing: then it is kept whole as `unknown`. */
function readKnownPart(type: string, taker: FieldTaker, place: PartPlace): Part | null {
  const { id } = place
  const providerMetadata = taker.convert('providerMetadata', readObject)
  const rest = () => ({ id, providerMetadata, extra: taker.extra() })
  switch (type) {
    case 'text': {
      const text = taker.convert('text', readText)
      return text === null ? null : { type, text, ...rest() }
    }
    case 'reasoning': {
      const text = taker.convert('text', readText)
      const startedAt = taker.take('startedAt', isTime)
      const endedAt = taker.take('endedAt', isTime)
      return text === null ? null : { type, text, startedAt, endedAt, ...rest() }
    }
    case 'tool-call':
      return readToolCall(taker, { ...place, providerMetadata })
    case 'file': {
      const mediaType = taker.string('mediaType')
      const filename = taker.string('filename')
      const blob = taker.convert('blob', readBlob)
      const url = taker.string('url')
      return mediaType === null ? null : { type, mediaType, filename, blob, url, ...rest() }
    }
    case 'source': {
      const sourceId = taker.string('sourceId')
      const sourceType = taker.oneOf('sourceType', ['url', 'document'] as const) ?? 'url'
      const [url, title] = [taker.string('url'), taker.string('title')]
      const [mediaType, filename] = [taker.string('mediaType'), taker.string('filename')]
      if (sourceId === null) return null
      return { type, sourceType, sourceId, url, title, mediaType, filename, ...rest() }
    }
    case 'artifact': {
      const artifact = taker.string('artifact')
      return artifact === null ? null : { type, artifact, ...rest() }
    }
    case 'step-start':
      return { type, ...rest() }
    case 'error': {
      const error = taker.convert('error', readFailure)
      return error === null ? null : { type, error, ...rest() }
    }
  }
  if (!type.startsWith('data-')) return null
  return { type: type as `data-${string}`, data: taker.json('data'), ...rest() }
}
