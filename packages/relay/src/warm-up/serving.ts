import { randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { joinUpdates } from '@holdfast/protocol'
import { createMemoryLog } from '@holdfast/update-log/memory'
import { createAccess } from '../access.ts'
import { systemClock } from '../clock.ts'
import { createRelay } from '../relay.ts'
import { type Visit, visitStock, visitSync } from './clients.ts'
import { message } from './made-conversation.ts'

const DOCUMENTS = 40
const MESSAGES = 20
const VISITS = 600
/** Visitors at a time: few, so that whoever really comes waits for little. */
const AT_A_TIME = 4
const SPACE = 'default'
const HOUR = 60 * 60 * 1000

/**
 * Serves made conversations to visitors of its own, by both endpoints and over real sockets of this machine: a relay in small, whose log is in memory and whose
 * token nobody else has.
 * @param isWanted asked before each visit; on false it ends
 * @returns how many were served
 * @throws Error when a visitor is not served
 */
export async function serveAgain(isWanted: () => boolean): Promise<number> {
  if (!isWanted()) return 0
  const log = createMemoryLog()
  const adminToken = randomBytes(32).toString('hex')
  const access = createAccess({ key: randomBytes(32), adminToken })
  const signed = await access.sign({ spaces: '*', role: 'write', expires: Date.now() + HOUR, id: randomUUID() })
  const relay = createRelay({ log, access, limits: { idleAfter: 0 } })
  const server = createServer(relay.serverOptions)
  relay.attach(server)
  try {
    const messages = Array.from({ length: MESSAGES }, (_, number) => message(number))
    const state = joinUpdates(messages)
    for (let i = 0; i < DOCUMENTS; i++) await log.append({ space: SPACE, document: nameOf(i) }, state)
    const port = await new Promise<number>((resolve, reject) => {
      server.once('error', reject)
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
    })
    let visits = 0
    const visitor = async (): Promise<void> => {
      while (visits < VISITS && isWanted()) {
        const number = visits++
        const isWriter = number % 4 === 0
        const update = isWriter ? message(MESSAGES + Math.floor(number / DOCUMENTS)) : null
        const visit: Visit = {
          port,
          token: number % 2 === 0 ? adminToken : signed,
          document: nameOf(number % DOCUMENTS),
          update,
          clock: systemClock,
        }
        await (number % 3 === 2 ? visitSync(visit) : visitStock(visit))
      }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, visitor))
    return visits
  } finally {
    await relay.close()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await log.close()
  }
}

function nameOf(number: number): string {
  return `made-${number}`
}
