import { EventEmitter } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Duplex, Readable } from 'node:stream'
import type { VersionRange } from '@holdfast/protocol'
import { type Access, createRelay, inlineExaminer, type Relay, type Role } from '@holdfast/relay'
import {
  createProcess,
  type HttpAnswer,
  type HttpRequest,
  type Process,
  type Random,
  type UpgradeRequest,
} from '@holdfast/testkit'
import type { UpdateLog } from '@holdfast/update-log'
import { createMemoryAhead } from '@holdfast/update-log/ahead'
import { createMemoryBlobs } from '@holdfast/update-log/blobs'
import { createMemoryLog } from '@holdfast/update-log/memory'
import type { Shadowed } from '../check/shadow.ts'
import { faultyBlobs } from './faulty-blobs.ts'
import { faultyLog } from './faulty-log.ts'
import { mortalAhead } from './mortal-ahead.ts'
import { type DiskFaults, slowDisk } from './slow-disk.ts'
import { watchedUpgrade } from './watched-wire.ts'
import { clockOf, type World } from './world.ts'

/** Where the relay is asked for. */
export const RELAY_HOST = 'localhost:4321'

/** Sooner than a relay does it by default, so that it happens within a run. In ms. */
const BLOB_GRACE = 20_000
const BLOB_SWEEP = 30_000

export interface RunningRelay {
  readonly process: Process
  readonly log: UpdateLog
  /** It dies at the so-manieth touch from the next update on that it shows ahead, 1 being before anybody has it. Null: it does not. */
  dieOnceShown(touches: number | null): void
  /** Ends it in an orderly way. */
  close(): Promise<void>
}

export interface RelayMachine {
  readonly world: World
  readonly folder: Shadowed
  readonly faults: DiskFaults
  readonly versions: VersionRange
  readonly random: Random
  /** Of calls that the disk had not done when it died. */
  readonly onLost: (calls: number) => void
  /** It is about to serve. `diskFailed`: some call of it has failed by then. */
  readonly onServing: (diskFailed: boolean) => void
  /** Something happened: it is counted under this name. */
  readonly did: (what: string, times?: number) => void
}

/** The token says the role. */
const access: Access = {
  verify: async (token) => {
    const role = token as Role
    return ['read', 'write', 'admin'].includes(role) ? { spaces: '*', role, expires: null, id: null } : null
  },
  sign: async () => {
    throw new Error('nobody signs tokens here')
  },
  create: async () => {
    throw new Error('nobody makes tokens here')
  },
  ledger: null,
}

const upgrades = new WeakMap<object, UpgradeRequest>()

/**
 * Starts the real relay over what is in the folder, under the relay's name in the network: at once when nothing is left of what a relay before it had
 * shown, else when that has been brought in.
 */
export function startRelay(
  { world, folder, faults, versions, random, onLost, onServing, did }: RelayMachine,
  name: string,
): RunningRelay {
  const process = createProcess(name)
  const { schedule } = world
  schedule.enter(process)
  const randomId = (): string => `r${world.chance.int(2 ** 32).toString(36)}${world.chance.int(2 ** 32).toString(36)}`
  const stored = createMemoryLog({ folder: folder.folder, randomId })
  const disk = { process, schedule, faults, random, onLost }
  const log = faultyLog({ log: stored, process, disk: slowDisk(disk), clocks: folder.clocks })
  const files = createMemoryBlobs({ now: world.clock.now, folder: folder.blobs, randomId: () => name })
  let diesIn: number | null = null
  const onShown = (): void => {
    did('update was shown ahead')
    if (diesIn !== null) process.dieAt(diesIn)
    diesIn = null
  }
  const ahead = mortalAhead({ ahead: createMemoryAhead(folder.ahead), process, faults, onShown })
  const relay = createRelay({
    log,
    ahead,
    blobs: faultyBlobs(files, slowDisk(disk)),
    limits: { blobGrace: BLOB_GRACE, blobSweepEvery: BLOB_SWEEP },
    access,
    clock: clockOf(world, process),
    randomId,
    // A thread would have time of its own.
    examiner: inlineExaminer,
    versions,
    socketServer: () => ({
      upgrade: (_request, socket, _head, accept) => upgrades.get(socket)?.accept(accept),
    }),
  })
  const failedBefore = faults.failed
  const serve = (): void => {
    if (!process.isAlive) return
    onServing(faults.failed > failedBefore)
    world.network.listen(RELAY_HOST, {
      process,
      upgrade: (request) => receiveUpgrade(relay, watchedUpgrade(request, process, folder.seen.add)),
      request: (request, answer) => receiveRequest(relay, request, answer),
    })
  }
  const bringIn = async (): Promise<void> => {
    const { stored, kept } = await relay.bringIn()
    did('shown update was brought in', stored)
    did('shown update waits for the next start', kept)
    serve()
  }
  let serving = Promise.resolve()
  if (ahead.left.length === 0) serve()
  else serving = bringIn()
  return {
    process,
    log: stored,
    dieOnceShown: (touches) => {
      diesIn = touches
    },
    close: async () => {
      await serving
      await relay.close()
      await ahead.close()
      await log.close()
      await files.close()
      process.kill()
    },
  }
}

function incoming(path: string, method: string, headers: Readonly<Record<string, string>>, body: Uint8Array) {
  const stream = Readable.from(body.length > 0 ? [Buffer.from(body)] : [])
  const socket = { localPort: 4321, localAddress: '127.0.0.1' }
  // All of it has come when it is told of.
  return Object.assign(stream, { url: path, method, headers, socket, complete: true }) as unknown as IncomingMessage
}

function receiveUpgrade(relay: Relay, request: UpgradeRequest): void {
  const socket = Object.assign(new EventEmitter(), {
    end: () => request.refuse(),
    destroy: () => request.refuse(),
  }) as unknown as Duplex
  upgrades.set(socket, request)
  relay.handleUpgrade(incoming(request.path, 'GET', request.headers, new Uint8Array()), socket, new Uint8Array())
}

/** As much of a ServerResponse as the relay uses. */
class Outgoing extends EventEmitter {
  headersSent = false
  writableEnded = false
  statusCode = 200
  readonly #headers: Record<string, string> = {}
  readonly #chunks: Uint8Array[] = []
  readonly #answer: (answer: HttpAnswer) => void

  constructor(answer: (answer: HttpAnswer) => void) {
    super()
    this.#answer = answer
  }

  setHeader(name: string, value: string | number): this {
    this.#headers[name] = String(value)
    return this
  }

  writeHead(status: number, headers: Record<string, string | number> = {}): this {
    this.statusCode = status
    this.headersSent = true
    for (const [name, value] of Object.entries(headers)) this.setHeader(name, value)
    return this
  }

  write(chunk: string | Uint8Array): boolean {
    this.#chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
    return true
  }

  end(chunk?: string | Uint8Array): this {
    if (this.writableEnded) return this
    if (chunk !== undefined) this.write(chunk)
    this.writableEnded = true
    this.headersSent = true
    this.#answer({ status: this.statusCode, headers: this.#headers, body: Buffer.concat(this.#chunks) })
    this.emit('finish')
    return this
  }

  destroy(): this {
    this.writableEnded = true
    return this
  }
}

function receiveRequest(relay: Relay, request: HttpRequest, answer: (answer: HttpAnswer) => void): void {
  const response = new Outgoing(answer)
  request.onGone(() => response.emit('close'))
  const served = relay.handleRequest(
    incoming(request.path, request.method, request.headers, request.body),
    response as unknown as ServerResponse,
  )
  if (!served) answer({ status: 404, headers: {}, body: new Uint8Array() })
}
