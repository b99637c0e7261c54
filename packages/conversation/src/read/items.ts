/** The things beside the messages: todos, artifacts, activities, checkpoints. */
import type { CollectionName, Fields } from '../schema.ts'
import type { Activity, Artifact, Checkpoint, Todo } from '../types.ts'
import { ACTIVITY_STATES, isTime, TODO_STATES } from '../vocabulary.ts'
import { FieldTaker } from './fields.ts'
import { readBlob, readInteger, readText } from './values.ts'

export interface ItemOf {
  artifacts: Artifact
  todos: Todo
  activities: Activity
  checkpoints: Checkpoint
}

export const readItem: { readonly [Name in CollectionName]: (id: string, fields: Fields) => ItemOf[Name] } = {
  todos: (id, fields) => {
    const taker = new FieldTaker(fields)
    return {
      id,
      text: taker.convert('text', readText) ?? '',
      state: taker.oneOf('state', TODO_STATES) ?? 'pending',
      index: taker.string('index') ?? '',
      message: taker.string('message'),
      createdAt: taker.take('createdAt', isTime) ?? 0,
      updatedAt: taker.take('updatedAt', isTime),
      deletedAt: taker.take('deletedAt', isTime),
      extra: taker.extra(),
    }
  },
  artifacts: (id, fields) => {
    const taker = new FieldTaker(fields)
    return {
      id,
      kind: taker.string('kind') ?? 'text',
      title: taker.string('title') ?? '',
      language: taker.string('language'),
      mediaType: taker.string('mediaType'),
      text: taker.convert('text', readText) ?? '',
      blob: taker.convert('blob', readBlob),
      replaces: taker.string('replaces'),
      message: taker.string('message'),
      createdAt: taker.take('createdAt', isTime) ?? 0,
      updatedAt: taker.take('updatedAt', isTime),
      deletedAt: taker.take('deletedAt', isTime),
      extra: taker.extra(),
    }
  },
  activities: (id, fields) => {
    const taker = new FieldTaker(fields)
    return {
      id,
      kind: taker.string('kind') ?? 'command',
      title: taker.string('title') ?? '',
      command: taker.string('command'),
      cwd: taker.string('cwd'),
      output: taker.convert('output', readText) ?? '',
      exitCode: taker.convert('exitCode', readInteger),
      signal: taker.string('signal'),
      state: taker.oneOf('state', ACTIVITY_STATES) ?? 'running',
      message: taker.string('message'),
      callId: taker.string('callId'),
      startedAt: taker.take('startedAt', isTime) ?? 0,
      endedAt: taker.take('endedAt', isTime),
      deletedAt: taker.take('deletedAt', isTime),
      extra: taker.extra(),
    }
  },
  checkpoints: (id, fields) => {
    const taker = new FieldTaker(fields)
    return {
      id,
      kind: taker.string('kind') ?? 'git',
      label: taker.string('label') ?? '',
      ref: taker.string('ref'),
      message: taker.string('message'),
      createdAt: taker.take('createdAt', isTime) ?? 0,
      restoredAt: taker.take('restoredAt', isTime),
      data: taker.json('data'),
      deletedAt: taker.take('deletedAt', isTime),
      extra: taker.extra(),
    }
  },
}

interface Sortable {
  readonly id: string
  readonly createdAt?: number
  readonly startedAt?: number
  readonly index?: string
}

/** By fractional index where there is one, else by time; ties by id. */
export function compareItems(a: Sortable, b: Sortable): number {
  if (a.index !== undefined && b.index !== undefined && a.index !== b.index) return a.index < b.index ? -1 : 1
  const time = a.index === undefined ? (a.createdAt ?? a.startedAt ?? 0) - (b.createdAt ?? b.startedAt ?? 0) : 0
  return time || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)
}
