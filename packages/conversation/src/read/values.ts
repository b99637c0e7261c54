/** The small records that fields hold as one value. Each says null to what it does not allow. */
import * as Y from 'yjs'
import type { JsonObject } from '../json.ts'
import type { Approval, Author, BlobRef, Failure, ImportSource, Meta, Project, Usage } from '../types.ts'
import { isBoolean, isCount, isNumber, isRecord, isSha256, isString, isTime } from '../vocabulary.ts'
import { toPlain } from './plain.ts'

function field<T>(record: Record<string, unknown>, key: string, passes: (value: unknown) => value is T): T | null {
  const value = Object.hasOwn(record, key) ? record[key] : null
  return passes(value) ? value : null
}

export const readText = (value: unknown): string | null =>
  value instanceof Y.Text ? value.toString() : isString(value) ? value : null

export const readObject = (value: unknown): JsonObject | null =>
  isRecord(value) ? (toPlain(value) as JsonObject) : null

export function readFailure(value: unknown): Failure | null {
  if (!isRecord(value)) return null
  return { code: field(value, 'code', isString) ?? 'UNKNOWN', message: field(value, 'message', isString) ?? '' }
}

export function readUsage(value: unknown): Usage | null {
  if (!isRecord(value)) return null
  const count = (key: keyof Usage): number => field(value, key, isCount) ?? 0
  return {
    input: count('input'),
    output: count('output'),
    cacheRead: count('cacheRead'),
    cacheWrite: count('cacheWrite'),
    reasoning: count('reasoning'),
    cost: count('cost'),
  }
}

export function readBlob(value: unknown): BlobRef | null {
  if (!isRecord(value)) return null
  const sha256 = field(value, 'sha256', isSha256)
  return sha256 === null ? null : { sha256, size: field(value, 'size', isCount) }
}

export function readAuthor(value: unknown): Author | null {
  if (!isRecord(value)) return null
  return { id: field(value, 'id', isString), name: field(value, 'name', isString) }
}

export function readProject(value: unknown): Project | null {
  if (!isRecord(value)) return null
  const text = (key: keyof Project): string | null => field(value, key, isString)
  return { id: text('id'), name: text('name'), path: text('path'), remote: text('remote'), branch: text('branch') }
}

export function readImportSource(value: unknown): ImportSource | null {
  if (!isRecord(value)) return null
  const kind = field(value, 'kind', isString)
  return kind === null ? null : { kind, id: field(value, 'id', isString), hash: field(value, 'hash', isString) }
}

export function readForkedFrom(value: unknown): Meta['forkedFrom'] {
  if (!isRecord(value)) return null
  const conversation = field(value, 'conversation', isString)
  return conversation === null ? null : { conversation, message: field(value, 'message', isString) }
}

export function readApproval(value: unknown): Approval | null {
  if (!isRecord(value)) return null
  const id = field(value, 'id', isString)
  if (id === null) return null
  return {
    id,
    approved: field(value, 'approved', isBoolean),
    reason: field(value, 'reason', isString),
    requestedAt: field(value, 'requestedAt', isTime),
    respondedAt: field(value, 'respondedAt', isTime),
  }
}

export const readInteger = (value: unknown): number | null =>
  isNumber(value) && Number.isSafeInteger(value) ? value : null
