import { afterEach } from 'vitest'
import type { Persistence, PersistenceHandle } from '../../src/persistence/port.ts'

export interface Harness {
  readonly persistence: Persistence
  /** From now on (until told otherwise) every transaction that writes fails half way through. */
  breakWrites?(broken: boolean): void
  /** Deletes the storage while handles are open. */
  destroy?(): Promise<void>
  cleanUp(): Promise<void>
}

/** What the parts of the contract share. */
export interface Suite {
  readonly capabilities: Persistence['capabilities']
  /** Makes storage that is cleaned up after the test, with the handles that it opened. */
  prepare(): Promise<Harness & { open(): Promise<PersistenceHandle> }>
  /** The title of a test of what is not held everywhere. */
  unless(capable: boolean, title: string): string
}

export function createSuite(make: () => Promise<Harness>, capabilities: Persistence['capabilities']): Suite {
  const harnesses: Harness[] = []
  const handles: PersistenceHandle[] = []
  const prepare: Suite['prepare'] = async () => {
    const harness = await make()
    harnesses.push(harness)
    const open = async (): Promise<PersistenceHandle> => {
      const handle = await harness.persistence.open()
      handles.push(handle)
      return handle
    }
    return { ...harness, open }
  }
  afterEach(async () => {
    for (const handle of handles.splice(0)) await handle.close()
    for (const harness of harnesses.splice(0)) await harness.cleanUp()
  })
  const unless: Suite['unless'] = (capable, title) =>
    capable ? title : `${title} — declared as not held: shown as it is`
  return { capabilities, prepare, unless }
}
