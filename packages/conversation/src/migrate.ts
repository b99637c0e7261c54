/**
 * Old documents made new, forward only. A migration may run on two replicas at once, and beside edits of clients that have
 * not migrated yet: it sets fields to what follows from the document alone, and never deletes.
 */
import type * as Y from 'yjs'
import { metaOf, SCHEMA_VERSION, schemaVersion } from './schema.ts'

export interface Migration {
  /** From the version before this one. */
  readonly to: number
  migrate(doc: Y.Doc): void
}

/** None yet: this is the first version. */
const MIGRATIONS: readonly Migration[] = []

/** Brings a document to the current version in one transaction. One of a newer version is left as it is. */
export function migrate(doc: Y.Doc, origin?: unknown): { from: number; to: number } {
  return runMigrations(doc, MIGRATIONS, SCHEMA_VERSION, origin)
}

export function runMigrations(
  doc: Y.Doc,
  migrations: readonly Migration[],
  target: number,
  origin?: unknown,
): { from: number; to: number } {
  const from = schemaVersion(doc)
  if (from >= target) return { from, to: from }
  doc.transact(() => {
    for (let version = from + 1; version <= target; version++) {
      migrations.find((migration) => migration.to === version)?.migrate(doc)
    }
    metaOf(doc).set('schema', target)
  }, origin)
  return { from, to: target }
}
