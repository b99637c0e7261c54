import type { Tab } from '../machines/device.ts'
import type { Stage } from '../machines/stage.ts'
import type { Failure } from '../machines/world.ts'
import { holdsIn, writesIn } from '../play/conversing.ts'
import { type Mark, text } from './ledger.ts'
import type { Lack, Replica, Replicas, SetAside } from './replicas.ts'

/** What every copy must agree on when everything is well again and has come to rest. */
export function findDifferences(stage: Stage, replicas: Replicas): Failure[] {
  const failures: Failure[] = []
  const places = ['relay', ...stage.devices.map(({ name }) => name)]
  const windows = new Set(stage.devices.flatMap(({ tabs }) => Array.from(tabs, ({ name }) => name)))
  // So may what a stock client was shown before it was told what there is, by a relay whose folder is gone.
  if (stage.relay.generation > 0) for (const { name } of stage.guests) windows.add(name)
  for (const [id, copies] of replicas) {
    const [first, ...others] = copies
    if (!first || stage.ledger.purges.has(id)) continue
    const missing = places.filter((place) => !copies.some(({ where }) => where === place))
    if (missing.length > 0) failures.push({ rule: 'everywhere', what: `${id} is not on ${missing.join(', ')}` })
    for (const copy of copies) {
      // What another window told of may build on what died with that window: it waits in memory, and is no part of the conversation (0095).
      const isThere = ({ client, clock }: Lack): boolean =>
        copies.some(({ vector }) => (vector.get(client) ?? 0) > clock)
      if (windows.has(copy.where) ? copy.lacks.some(isThere) : copy.lacks.length > 0) {
        failures.push({ rule: 'no-gaps', what: `${id} on ${copy.where} builds on what it lacks` })
      }
    }
    for (const other of others) {
      const difference = differenceOf(first, other)
      if (difference) failures.push({ rule: 'same-everywhere', what: `${id}: ${difference}` })
    }
  }
  return failures
}

function differenceOf(a: Replica, b: Replica): string | null {
  const clients = new Set([...a.vector.keys(), ...b.vector.keys()])
  const lacks: string[] = []
  for (const client of clients) {
    const [here, there] = [a.vector.get(client) ?? 0, b.vector.get(client) ?? 0]
    if (here !== there) lacks.push(`client ${client}: ${a.where} has ${here}, ${b.where} has ${there}`)
  }
  if (lacks.length > 0) return lacks.join('; ')
  return a.text === b.text ? null : `${a.where} and ${b.where} know the same and show something else`
}

const has = (replica: Replica, { client, clock }: Mark): boolean => (replica.vector.get(client) ?? 0) >= clock

/** What was promised of each edit, against where it is. */
export function findBrokenPromises({ ledger }: Stage, replicas: Replicas): Failure[] {
  const failures: Failure[] = []
  for (const mark of ledger.marks) {
    const copies = replicas.get(mark.conversation) ?? []
    if (ledger.purges.has(mark.conversation)) continue
    const at = (where: string): Replica | undefined => copies.find((copy) => copy.where === where)
    // A stock client keeps nothing: what it wrote and could send is on the relay.
    const device = at(mark.device?.name ?? 'relay')
    if (mark.told !== 'nothing' && !(device && has(device, mark))) {
      failures.push({ rule: 'saved-is-on-the-device', what: `${text(mark)} was called ${mark.told}` })
    }
    // Whoever is alive has it in memory, and so it is to be everywhere.
    if (!mark.isLost && !(device && has(device, mark))) {
      failures.push({ rule: 'nothing-is-dropped', what: text(mark) })
    }
    for (const copy of copies) {
      if (!has(copy, mark)) continue
      for (const token of mark.tokens) {
        const times = copy.text.split(token).length - 1
        if (times > 1)
          failures.push({ rule: 'once', what: `${token} is ${times} times in ${text(mark)} on ${copy.where}` })
      }
    }
  }
  for (const [id, copies] of replicas) {
    for (const { where, shown } of copies) {
      const ids = [...shown.messages, ...shown.hidden].map((message) => message.id)
      if (new Set(ids).size !== ids.length)
        failures.push({ rule: 'once', what: `${id} on ${where} shows a message twice` })
    }
  }
  return failures
}

/** W9: what was promised to be gone is nowhere, and nothing else is kept aside. */
export function findGhosts(
  { devices, ledger, relay, mayComeBack }: Stage,
  replicas: Replicas,
  asides: readonly SetAside[],
): Failure[] {
  const failures: Failure[] = []
  for (const [id, gone] of ledger.purges) {
    if (!gone || mayComeBack(id)) continue
    for (const { where } of replicas.get(id) ?? []) {
      // A window that has it open still shows it, and says that it is gone.
      const isStored = where === 'relay' || devices.some(({ name }) => name === where)
      if (isStored) failures.push({ rule: 'purged-is-gone', what: `${id} is on ${where}` })
    }
    const isAhead = relay.folder.ahead.shown.some(({ document }) => document === id)
    if (isAhead) failures.push({ rule: 'purged-is-gone', what: `${id} is in what the relay has shown ahead` })
  }
  for (const { device, conversation, code } of asides) {
    if (code === 'EPOCH_PURGED' && ledger.purges.has(conversation)) continue
    failures.push({ rule: 'set-aside', what: `${conversation} on ${device}: ${code}` })
  }
  return failures
}

/** Ids of what a tab lists otherwise than it is. */
export function findStale(tab: Tab, replicas: Replicas): string[] {
  const items = tab.store?.list.get() ?? []
  return items
    .filter(({ id, summary }) => {
      const shown = replicas.get(id)?.[0]?.shown
      if (!shown || shown.meta.id === '') return false
      return summary.title !== (shown.meta.title ?? '') || summary.messages !== shown.messages.length
    })
    .map(({ id }) => id)
}

/** W12: what streams in a list is written by somebody, and what somebody writes is not called interrupted. */
function findDeserted({ devices, ledger }: Stage): Failure[] {
  const failures: Failure[] = []
  const tabs = devices.flatMap((device) => [...device.tabs])
  const written = new Set(tabs.flatMap(writesIn))
  // A list knows no messages: whoever holds any lease in a conversation is taken for one who answers there (decision 0136).
  const answered = new Set([...written, ...tabs.flatMap(holdsIn)])
  for (const tab of tabs) {
    for (const { id, summary, interrupted } of tab.store?.list.get() ?? []) {
      if (!summary.streaming || ledger.purges.has(id)) continue
      // Without leases silence is all that can be gone by.
      const hasLeases = tab.store?.status.get().wire?.kind === 'sync'
      if (!interrupted && !answered.has(id)) failures.push({ rule: 'W12', what: `${id} turns for ever in ${tab.name}` })
      if (interrupted && written.has(id) && hasLeases) {
        failures.push({ rule: 'W12', what: `${id} is written and called interrupted in ${tab.name}` })
      }
    }
  }
  return failures
}

/** What a person reads on the screen, against what is there. */
export function findLies(stage: Stage, replicas: Replicas): Failure[] {
  const { devices, ledger } = stage
  const failures = findDeserted(stage)
  for (const device of devices) {
    for (const tab of device.tabs) {
      const listed = new Set(tab.store?.list.get().map(({ id }) => id))
      for (const [id, [first]] of replicas) {
        if (!first || first.shown.meta.id === '' || ledger.purges.has(id) || listed.has(id)) continue
        failures.push({ rule: 'listed', what: `${id} is not in the list of ${tab.name}` })
      }
      for (const id of findStale(tab, replicas)) {
        if (ledger.purges.has(id)) continue
        failures.push({ rule: 'listed-as-it-is', what: `${id} is listed by ${tab.name} as it was` })
      }
      for (const [id, conversation] of tab.open) {
        if (ledger.purges.has(id)) continue
        const status = conversation.status.get()
        const isWell = status.kind === 'saved' && (status.relay === 'sent' || status.relay === 'synced')
        if (!isWell) failures.push({ rule: 'status', what: `${id} in ${tab.name} says ${JSON.stringify(status)}` })
      }
      const uploads = tab.store?.status.get().uploads ?? 0
      if (uploads > 0) failures.push({ rule: 'status', what: `${tab.name} says that ${uploads} blobs wait` })
      const waiting = tab.store?.status.get().waiting ?? 0
      if (waiting > 0) failures.push({ rule: 'status', what: `${tab.name} says that ${waiting} wait` })
    }
  }
  return failures
}
