import { type Fields, PREFIX } from '../schema.ts'
import type { Meta } from '../types.ts'
import { isBoolean, isString, isTime } from '../vocabulary.ts'
import { readCustom } from './custom.ts'
import { FieldTaker } from './fields.ts'
import { readFailure, readForkedFrom, readImportSource, readProject } from './values.ts'

export function readMeta(fields: Fields, schema: number): Meta {
  const taker = new FieldTaker(fields)
  taker.take('schema', (value): value is number => value === schema)
  const byUser = taker.string('title') || null
  const automatic = taker.string('titleAutomatic') || null
  return {
    schema,
    id: taker.string('id') ?? '',
    // Two fields, so that an automatic title can never win over the user's, whatever the order they arrive in.
    title: byUser ?? automatic ?? '',
    titleBy: byUser !== null ? 'user' : automatic !== null ? 'automatic' : null,
    createdAt: taker.take('createdAt', isTime) ?? 0,
    project: taker.convert('project', readProject),
    sessionKey: taker.string('sessionKey'),
    pinned: taker.take('pinned', isBoolean) ?? false,
    starred: taker.take('starred', isBoolean) ?? false,
    archived: taker.take('archived', isBoolean) ?? false,
    tags: taker.prefixed(PREFIX.tag, (tag, value) => (value === true ? tag : null)),
    deletedAt: taker.take('deletedAt', isTime),
    model: taker.string('model'),
    mode: taker.string('mode'),
    agent: taker.string('agent'),
    error: taker.convert('error', readFailure),
    forkedFrom: taker.convert('forkedFrom', readForkedFrom),
    source: taker.convert('source', readImportSource),
    imports: taker.prefixed(PREFIX.import, (hash, importer) => (isString(importer) ? { hash, importer } : null)),
    custom: readCustom(taker),
    extra: taker.extra(),
  }
}
