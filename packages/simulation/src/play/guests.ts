import { readConversation } from '@holdfast/conversation'
import { clockIn } from '../check/ledger.ts'
import type { Guest } from '../machines/guest.ts'
import type { Call, Done } from './call.ts'
import { COMMON, EDITS } from './edits.ts'
import { handOf } from './hand.ts'

/** Each is a connection of its own, and what one of them does any of them does. */
const MOST_GUESTS = 4

/** A stock client opens a conversation that somebody has in a list. */
export function guestComes({ stage, random }: Call): Done {
  if (stage.guests.size >= MOST_GUESTS) return null
  const known = stage.devices.flatMap(({ tabs }) => [...tabs].flatMap(({ store }) => store?.list.get() ?? []))
  if (known.length === 0) return null
  const { id } = random.pick(known)
  return `${stage.receive(id).name} in ${id}`
}

function withGuest({ stage, random }: Call, run: (guest: Guest) => Done): Done {
  if (stage.guests.size === 0) return null
  const guest = random.pick([...stage.guests])
  stage.world.schedule.enter(guest.process)
  return run(guest)
}

/** Edits what has arrived of it, as another program of this version would. */
export function guestEdits(call: Call): Done {
  const { stage, random } = call
  return withGuest(call, (guest) => {
    const { doc, id } = guest
    const shown = readConversation(doc)
    if (shown.meta.id === '' || !shown.writable) return null
    const name = random.pick(random.chance(0.6) ? COMMON : Object.keys(EDITS))
    const before = clockIn(doc)
    const tokens: string[] = []
    const now = stage.world.clock.now()
    const wrote = (token: string): void => void tokens.push(token)
    const hand = handOf({ doc, shown, random, now, serial: stage.serial, wrote })
    const isDone = doc.transact(() => EDITS[name]!(hand)) !== false
    stage.ledger.guestWrote(guest, before, tokens)
    return isDone ? `${name} ${tokens.join('')} by ${guest.name} in ${id}` : null
  })
}

/** It ends, or dies, or its network breaks, or comes back. */
export function guestGoes(call: Call): Done {
  return withGuest(call, (guest) => {
    const how = call.random.pick(['leaves', 'dies', 'is cut', 'goes offline', 'comes online'])
    if (how === 'leaves') guest.leave()
    else if (how === 'dies') guest.crash()
    else if (how === 'comes online') guest.isOnline = true
    else {
      guest.isOnline = how !== 'goes offline'
      guest.host.cut(call.random)
    }
    return `${guest.name} ${how}`
  })
}
