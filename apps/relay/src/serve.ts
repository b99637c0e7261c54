import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import {
  createAccess,
  createIssuer,
  createRelay,
  openCostlyNotes,
  openTokenLedger,
  type Relay,
  warmUp,
} from '@holdfast/relay'
import type { Ahead, BlobStore, UpdateLog } from '@holdfast/update-log'
import { openAhead } from '@holdfast/update-log/ahead'
import { openDiskBlobs } from '@holdfast/update-log/blobs'
import { FOLDER_VERSION, type LevelLog, openLevelLog } from '@holdfast/update-log/level'
import { addressOf, hostNames } from './address.ts'
import { withAdvice } from './advice.ts'
import type { ServeOptions } from './arguments.ts'
import { readOrMakeKey } from './data-folder.ts'
import { codeOf, Failure } from './failure.ts'
import type { Log } from './log-lines.ts'
import { createOperations } from './operations.ts'
import { banner, readyLine } from './print.ts'
import { printedToken } from './printed-token.ts'
import { writeServing } from './serving-file.ts'
import { createTidy, fullCollection } from './tidy.ts'
import { findWebApp, type Serve, serveWebApp } from './web.ts'
import { requireOwnFolder } from './whose-folder.ts'

export interface Output {
  /** Standard output. */
  say(text: string): void
  /** Standard error. */
  readonly log: Log
}

const WEB_APP = findWebApp()

/**
 * Starts everything, and prints the address. This is where the parts meet; what they do is in them.
 * @returns how to end it: sockets are closed so that clients come again, and everything is on the disk when it resolves
 * @throws Failure
 */
export async function serve(options: ServeOptions, output: Output): Promise<() => Promise<void>> {
  await requireOwnFolder(options.data)
  const log = await openLog(options.data)
  let relay: Relay | null = null
  let ahead: Ahead | null = null
  try {
    tellOpened(log, output.log)
    const { key } = await readOrMakeKey(options.data)
    const ledger = await openTokenLedger({ directory: options.data, now: Date.now, mend: true })
    const { mended, lost, setAside } = ledger.condition
    if (lost > 0) {
      output.log.write(
        'warn',
        `${lost} entries of the tokens' ledger are lost, which may be revocations: look at "holdfast token list" and revoke again.`,
        { event: 'token-ledger-damaged', mended, lost, setAside },
      )
    }
    const { adminToken } = options
    const access = createAccess({
      key,
      ledger,
      ...(adminToken === null ? {} : { adminToken }),
      ...(options.issuer === null ? {} : { issuer: createIssuer(options.issuer) }),
    })
    const blobs = await openBlobs(options.data, log, output)
    ahead = await openShown(options.data, output.log)
    const tidy = createTidy({ collect: fullCollection(), after: later })
    relay = createRelay({
      log,
      blobs,
      access,
      // A space that holds conversations is never turned away, whether or not this start named it.
      spaces: [...new Set([...options.spaces, ...(await log.spaces())])],
      hosts: hostNames(options.host),
      allowOrigins: options.allowOrigins,
      ...(options.publicUrl === null ? {} : { publicUrl: options.publicUrl }),
      proxies: options.proxies,
      limits: options.limits,
      costly: await openCostlyNotes(options.data, log),
      ...(ahead === null ? {} : { ahead }),
      operations: createOperations(log, blobs, FOLDER_VERSION),
      onEvent: (event) => {
        output.log.relay(event)
        tidy(event)
      },
    })
    await bringIn(relay, output.log)
    const web = serveWebApp(WEB_APP)
    const server = mount(relay, web.serve)
    const port = await listen(server, options)
    const token = await printedToken(access, Date.now())
    const ready = { url: options.publicUrl ?? addressOf(options.host, port), token, data: options.data }
    output.say(options.json ? readyLine(ready) : banner(ready))
    // Not before: a start that fails says why in one line.
    if (!web.built) {
      output.log.write('warn', `The web app is not built (${WEB_APP}).`, { event: 'web-app-missing', path: WEB_APP })
    }
    const near = addressOf(options.host, port)
    const forget = await writeServing(options.data, { pid: process.pid, url: near })
    output.log.write('info', `Serving ${options.data} at ${ready.url}.`, {
      event: 'serving',
      url: ready.url,
      near,
      data: options.data,
    })
    const running = relay
    const stores = [...(ahead === null ? [] : [ahead]), blobs, log]
    startWarmUp(server, running, log, output.log)
    return async () => {
      await stop(server, running, stores)
      await forget()
    }
  } catch (error) {
    await relay?.close()
    await ahead?.close()
    await log.close()
    throw withAdvice(error)
  }
}

async function openLog(data: string): Promise<LevelLog> {
  try {
    return await openLevelLog({ directory: data })
  } catch (error) {
    throw withAdvice(error)
  }
}

/** Without it everybody is shown what is durable, a moment later. */
async function openShown(data: string, log: Log): Promise<Ahead | null> {
  try {
    return await openAhead(data)
  } catch (error) {
    if (codeOf(error) === null) throw error
    log.write(
      'warn',
      `The file "ahead" cannot be used; updates are shown when they are on the disk. ${String(error)}`,
      {
        event: 'ahead-not-opened',
      },
    )
    return null
  }
}

/** What a process before this one had shown and did not live to make durable. */
async function bringIn(relay: Relay, log: Log): Promise<void> {
  const { updates, documents, stored, kept } = await relay.bringIn()
  if (updates === 0) return
  const event = { event: 'brought-in', updates, documents, stored, kept }
  log.write('info', `Ended in the middle of writing: ${stored} updates that others had seen were stored.`, event)
  if (kept === 0) return
  log.write(
    'warn',
    `${kept} updates that others had seen cannot be stored now; this is tried again, also by the next start.`,
    {
      event: 'not-brought-in',
      kept,
    },
  )
}

function tellOpened({ opened }: LevelLog, log: Log): void {
  const { renewed, upgraded } = opened
  if (upgraded !== undefined) {
    const { from, to, kept } = upgraded
    const event = { event: 'folder-upgraded', from, to, kept }
    log.write(
      'info',
      `The data folder was of version ${from} and is now of ${to}; what was there before is in ${kept}.`,
      event,
    )
  }
  if (renewed !== null) {
    const { reason, detail } = renewed
    const event = { event: 'incarnation-renewed', reason, detail }
    log.write('warn', `The storage is not as it was left: ${detail}. Clients will bring what is missing.`, event)
  }
}

/** When it is not known what documents refer to, a new incarnation makes clients say it again. */
async function openBlobs(data: string, log: UpdateLog, output: Output): Promise<BlobStore> {
  const blobs = await openDiskBlobs(join(data, 'blobs'))
  const { created, damaged } = blobs.opened
  if (damaged.length === 0 && (!created || log.opened.created)) return blobs
  await log.renewIncarnation()
  await blobs.lossTold()
  const what = created ? 'The folder of blobs is new' : `References to blobs of ${damaged.join(', ')} are damaged`
  output.log.write('warn', `${what}. Clients will bring what is missing.`, {
    event: 'blob-references-lost',
    created,
    damaged,
  })
  return blobs
}

function mount(relay: Relay, web: Serve): Server {
  const server = createServer(relay.serverOptions)
  relay.attach(server, web)
  return server
}

function listen(server: Server, { host, port }: ServeOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(error, host, port)))
    server.listen(port, host, () => {
      const { port: given } = server.address() as AddressInfo
      resolve(given)
    })
  })
}

function listenFailure(error: Error, host: string, port: number): Error {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return new Failure(`Port ${port} on ${host} is in use; choose another with --port, or --port 0 for any free one.`)
    case 'EACCES':
      return new Failure(`Port ${port} needs more rights than you have; choose one above 1023 with --port.`)
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EINVAL':
      return new Failure(`This machine has no address ${host} to listen on; choose another with --host.`)
    default:
      return error
  }
}

/** While nobody is served: else the processor is for those who are, and their traffic does the same. */
function startWarmUp(server: Server, relay: Relay, log: UpdateLog, output: Log): void {
  let asked = 0
  const count = (): void => {
    asked += 1
  }
  server.on('upgrade', count)
  server.on('request', count)
  const isOver = (): boolean => !server.listening
  warmUp({ log, traffic: () => asked + relay.traffic(), isOver }).catch((error: unknown) => {
    // An end in the middle of it is no failure.
    if (isOver()) return
    output.write('warn', `Warming up failed; the first clients wait a little longer. ${String(error)}`, {
      event: 'warm-up-failed',
    })
  })
}

async function stop(server: Server, relay: Relay, stores: readonly { close(): Promise<void> }[]): Promise<void> {
  const closed = new Promise((resolve) => server.close(resolve))
  await relay.close()
  server.closeAllConnections()
  await closed
  for (const store of stores) await store.close()
}

function later(milliseconds: number, run: () => void): () => void {
  const timer = setTimeout(run, milliseconds)
  timer.unref()
  return () => clearTimeout(timer)
}
