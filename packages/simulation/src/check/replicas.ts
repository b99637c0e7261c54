import { type Conversation, readConversation } from '@holdfast/conversation'
import type { UpdateLog } from '@holdfast/update-log'
import { createMemoryLog } from '@holdfast/update-log/memory'
import * as Y from 'yjs'
import { type Device, SPACE } from '../machines/device.ts'
import type { Stage } from '../machines/stage.ts'

/** An item that is not in a document. */
export interface Lack {
  readonly client: number
  readonly clock: number
}

/** One copy of one conversation, wherever it lies. */
export interface Replica {
  readonly where: string
  readonly vector: ReadonlyMap<number, number>
  /** What it waits for: something in it builds on these items, or deletes them. */
  readonly lacks: readonly Lack[]
  readonly shown: Conversation
  /** What it says as text, for comparing. */
  readonly text: string
}

export type Replicas = ReadonlyMap<string, readonly Replica[]>

/** What a device keeps aside because the relay will not take it. */
export interface SetAside {
  readonly device: string
  readonly conversation: string
  readonly code: string
}

export async function readAsides({ devices }: Stage): Promise<SetAside[]> {
  const found: SetAside[] = []
  for (const { name, persistence } of devices) {
    const handle = await persistence.open()
    for (const { conversation, code } of await handle.asides()) found.push({ device: name, conversation, code })
    await handle.close()
  }
  return found
}

function replicaOf(where: string, doc: Y.Doc): Replica {
  const shown = readConversation(doc)
  return {
    where,
    vector: Y.decodeStateVector(Y.encodeStateVector(doc)),
    lacks: lacksOf(doc),
    shown,
    text: JSON.stringify(shown),
  }
}

function lacksOf({ store: { pendingStructs, pendingDs } }: Y.Doc): Lack[] {
  const builtOn = Array.from(pendingStructs?.missing ?? [], ([client, clock]) => ({ client, clock }))
  const deleted = pendingDs === null ? [] : [...Y.decodeUpdateV2(pendingDs).ds.clients]
  return [...builtOn, ...deleted.flatMap(([client, items]) => items.map(({ clock }) => ({ client, clock })))]
}

function fromUpdates(where: string, updates: readonly Uint8Array[]): Replica {
  const doc = new Y.Doc()
  for (const update of updates) Y.applyUpdate(doc, update)
  const replica = replicaOf(where, doc)
  doc.destroy()
  return replica
}

/** Reads what lies on a device without any of its tabs. */
async function onDevice(device: Device, add: (id: string, replica: Replica) => void): Promise<void> {
  const handle = await device.persistence.open()
  for (const { id } of await handle.documents()) {
    const stored = await handle.load(id)
    if (stored && stored.updates.length > 0) add(id, fromUpdates(device.name, stored.updates))
  }
  await handle.close()
}

/** Reads a copy of the folder: opening it is an event that the folder itself would remember. */
async function onRelay(log: UpdateLog, add: (id: string, replica: Replica) => void): Promise<void> {
  for (const { document, kind } of await log.documents(SPACE)) {
    if (kind !== 'live') continue
    const loaded = await log.load({ space: SPACE, document })
    if (loaded) add(document, fromUpdates('relay', [...(loaded.snapshot ? [loaded.snapshot] : []), ...loaded.updates]))
  }
}

/** Every copy of every conversation: on the relay's disk, on each device, in each tab that has it open, and in stock clients. */
export async function readReplicas({ devices, relay, guests }: Stage): Promise<Replicas> {
  const replicas = new Map<string, Replica[]>()
  const add = (id: string, replica: Replica): void => {
    const known = replicas.get(id) ?? []
    replicas.set(id, known)
    known.push(replica)
  }
  await onRelay(createMemoryLog({ folder: relay.folder.folder.copy() }), add)
  for (const device of devices) {
    await onDevice(device, add)
    for (const tab of device.tabs) {
      for (const [id, { doc }] of tab.open) add(id, replicaOf(tab.name, doc))
    }
  }
  for (const { name, id, doc } of guests) add(id, replicaOf(name, doc))
  // Opened, and gone with a storage before it was anywhere else: nobody has anything of it.
  for (const [id, copies] of replicas) if (copies.every(({ vector }) => vector.size === 0)) replicas.delete(id)
  return replicas
}
