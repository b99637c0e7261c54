import type { VersionRange } from '@holdfast/protocol'
import { createMemoryLog } from '@holdfast/update-log/memory'
import type { Shadowed } from '../check/shadow.ts'
import { SPACE } from '../machines/device.ts'
import type { Stage } from '../machines/stage.ts'
import type { Call, Done } from './call.ts'

/** The version before, and this one. */
const SPOKEN: readonly VersionRange[] = [
  { min: 1, max: 1 },
  { min: 1, max: 2 },
]

const FIRST_IS_SPOKEN = 'version 1 of the wire is spoken'

function pick({ stage, random }: Call): VersionRange {
  const versions = random.pick(SPOKEN)
  if (versions.max === 1) stage.did(FIRST_IS_SPOKEN)
  return versions
}

/** The relay ends and comes back as the version before, or as this one. */
export function changeRelay(call: Call): Done {
  const { relay } = call.stage
  relay.versions = pick(call)
  relay.crash()
  relay.start()
  return `speaks up to ${relay.versions.max}`
}

/** A window is loaded again, as the version before or this one; so are those that are opened later on this device. */
export function changeWindow(call: Call): Done {
  const { stage, seat } = call
  const device = stage.deviceOf(seat)
  device.versions = pick(call)
  stage.seats[seat]?.crash()
  stage.sit(seat)
  return `speaks up to ${device.versions.max}`
}

/** What was told over version 1 is not known to reach so far or so far: it shows only by the feed (SPEC-SYNC, Y15). */
export function hasSpokenFirst({ counts }: Stage): boolean {
  return counts.has(FIRST_IS_SPOKEN)
}

/** A folder that was kept has less of a change than the one in use has under the same number of the feed: nobody had read that number yet. */
export async function hasGrownInPlace({ relay }: Stage): Promise<boolean> {
  const read = async ({ folder }: Shadowed) => createMemoryLog({ folder: folder.copy() }).documents(SPACE)
  const now = await read(relay.folder)
  for (const kept of relay.kept) {
    const before = await read(kept)
    const isOther = now.some(({ document, feed, ...stat }) =>
      before.some(
        (old) =>
          old.document === document &&
          old.feed === feed &&
          (old.kind !== stat.kind || (old.kind === 'live' && stat.kind === 'live' && old.seq !== stat.seq)),
      ),
    )
    if (isOther) return true
  }
  return false
}
