import type { StoredBlobRef } from '@holdfast/store'
import { type Device, SPACE, type Tab } from '../machines/device.ts'
import type { Stage } from '../machines/stage.ts'
import type { Failure } from '../machines/world.ts'
import type { Mark } from './ledger.ts'
import type { Replicas } from './replicas.ts'
import type { Shadowed } from './shadow.ts'

/** A file that somebody added to a conversation, and what people were told of it. */
export interface BlobMark {
  readonly sha256: string
  readonly bytes: Uint8Array
  readonly tab: Tab
  readonly device: Device
  /** The device's storage, and the relay's folder, that were in use then. */
  readonly storage: number
  readonly generation: number
  /** The edit that names it. */
  readonly edit: Mark
  told: 'nothing' | 'kept' | 'uploaded'
}

export interface BlobLedger {
  readonly marks: readonly BlobMark[]
  /** It was put, and an edit names it. */
  put(tab: Tab, ref: StoredBlobRef, bytes: Uint8Array, edit: Mark): BlobMark
  /** Its conversation, and so it, is said to be on the device. */
  kept(mark: BlobMark): void
  /** A tab says that nothing waits to be uploaded. */
  uploaded(tab: Tab): void
}

export interface BlobLedgerOptions {
  readonly generation: () => number
  readonly folder: () => Shadowed
  readonly isPurged: (id: string) => boolean
  readonly broken: (rule: string, what: string) => void
}

const onRelay = ({ blobs }: Shadowed, sha256: string): Uint8Array | null =>
  blobs.spaces.get(SPACE)?.kept.get(sha256)?.bytes ?? null

export function createBlobLedger({ generation, folder, isPurged, broken }: BlobLedgerOptions): BlobLedger {
  const marks: BlobMark[] = []
  return {
    marks,
    put: (tab, { sha256 }, bytes, edit) => {
      const { device } = tab
      const storage = device.generation
      const mark: BlobMark = { sha256, bytes, tab, device, storage, generation: generation(), edit, told: 'nothing' }
      marks.push(mark)
      return mark
    },
    kept: (mark) => {
      const { device, storage, sha256, edit } = mark
      if (storage !== device.generation || isPurged(edit.conversation)) return
      mark.told = 'kept'
      if (!device.blobs.has(sha256)) broken('kept-is-on-the-device', `${describeBlob(mark)} was called kept`)
    },
    uploaded: (tab) => {
      for (const mark of marks) {
        if (mark.tab !== tab || mark.told !== 'kept' || mark.storage !== mark.device.generation) continue
        // Said of a folder that is gone since, or of what was purged since, it may be late news.
        if (mark.generation !== generation() || isPurged(mark.edit.conversation)) continue
        mark.told = 'uploaded'
        if (!onRelay(folder(), mark.sha256))
          broken('uploaded-is-on-the-relay', `${describeBlob(mark)} was called uploaded`)
      }
    },
  }
}

/** None is lost while a conversation names it: a device that has it brings it to the relay. */
export async function findLostBlobs({ devices, ledger, relay, blobs }: Stage, replicas: Replicas): Promise<Failure[]> {
  const failures: Failure[] = []
  const handles = new Map<Device, Awaited<ReturnType<Device['persistence']['open']>>>()
  for (const device of devices) handles.set(device, await device.persistence.open())
  for (const mark of blobs.marks) {
    const { conversation, client, clock } = mark.edit
    const living = replicas.get(conversation)?.find(({ where }) => where === 'relay')
    if (ledger.purges.has(conversation) || (living?.vector.get(client) ?? 0) < clock) continue
    const holders = []
    for (const [device, handle] of handles) if (await handle.getBlob(mark.sha256)) holders.push(device)
    if (mark.told !== 'nothing' && mark.storage === mark.device.generation && !holders.includes(mark.device)) {
      failures.push({ rule: 'kept-is-on-the-device', what: describeBlob(mark) })
    }
    const there = onRelay(relay.folder, mark.sha256)
    if (there && !Buffer.from(there).equals(mark.bytes))
      failures.push({ rule: 'blob-is-whole', what: describeBlob(mark) })
    if (!there && holders.length > 0) failures.push({ rule: 'blob-on-the-relay', what: describeBlob(mark) })
  }
  for (const handle of handles.values()) await handle.close()
  return failures
}

function describeBlob({ sha256, edit, tab }: BlobMark): string {
  return `blob ${sha256.slice(0, 8)} of ${edit.conversation} put by ${tab.name}`
}
