import type { IncomingMessage, ServerResponse } from 'node:http'
import type { UpdateLog } from '@holdfast/update-log'
import type { Access, Grant } from './access.ts'
import { ADMIN_METHODS, type AdminOperation, createAdminHandler } from './admin.ts'
import { BLOB_METHODS } from './blobs/http.ts'
import type { BlobService } from './blobs/service.ts'
import { messageOf } from './events.ts'
import { type Feeds, feedBody, goesOn, readFeedQuery } from './feed.ts'
import { bearerOf, type Gate } from './gate.ts'
import type { Limits } from './options.ts'
import {
  BAD_METHOD,
  BAD_PATH,
  BAD_TOKEN,
  FOREIGN_HOST,
  INTERNAL,
  loggedPath,
  pathOf,
  queryOf,
  type Refusal,
  refusal,
  SHUTTING_DOWN,
  sendJson,
  sendRefusal,
  TOO_MANY_FOR_TOKEN,
  UPGRADE_REQUIRED,
} from './refusal.ts'
import type { Tenures } from './tenure.ts'
import type { WriteFailure } from './write-health.ts'

export interface HttpOptions {
  readonly gate: Gate
  readonly access: Access
  readonly operations: Readonly<Record<string, AdminOperation>>
  readonly feeds: Feeds
  readonly log: UpdateLog
  readonly blobs: BlobService | null
  readonly limits: Limits
  readonly isReady: () => boolean
  /** Why the storage takes no writes, or null. */
  readonly writesFailing: () => WriteFailure | null
  readonly renderMetrics: () => string
  readonly tenures: Tenures
  readonly onRefused: (refusal: Refusal, path: string) => void
  readonly onFailed: (path: string, error: string) => void
}

type Answer = (request: IncomingMessage, response: ServerResponse, rest: string[]) => void | Promise<void>

interface Route {
  /** How many names follow in the path. */
  readonly segments: readonly number[]
  readonly methods?: readonly string[]
  readonly answer: Answer
}

const READING: readonly string[] = ['GET', 'HEAD']

const BAD_QUERY = refusal(
  400,
  'BAD_QUERY',
  '`after` is a feed number, `limit` 1 to 10000, `wait` a number of seconds, 0 or more.',
)

/** Answers the relay's own paths. @returns false for every other, whose Host (not Origin) has then been found good */
export function createHttpHandler(
  options: HttpOptions,
): (request: IncomingMessage, response: ServerResponse) => boolean {
  const {
    gate,
    access,
    operations,
    feeds,
    log,
    blobs,
    limits,
    isReady,
    writesFailing,
    renderMetrics,
    tenures,
    onRefused,
    onFailed,
  } = options

  function refuse(request: IncomingMessage, response: ServerResponse, why: Refusal): void {
    onRefused(why, loggedPath(request))
    sendRefusal(response, why)
  }

  /** Somebody whose token ends or is revoked is not served to the end. */
  function cutWithToken(request: IncomingMessage, response: ServerResponse, grant: Grant, cut: () => void): boolean {
    let isOver = false
    const tenure = tenures.begin(grant, () => {
      isOver = true
      cut()
      if (response.headersSent) response.destroy()
      else {
        // What is still coming of a body is not waited for.
        if (!request.complete) response.setHeader('connection', 'close')
        refuse(request, response, BAD_TOKEN)
      }
    })
    response.on('close', () => tenure.close())
    return !isOver
  }

  function tooMany(grant: Grant): boolean {
    return tenures.countOf(grant) >= limits.connectionsPerToken
  }

  const blobRoute: Record<string, Route> =
    blobs === null
      ? {}
      : {
          blobs: {
            segments: [1, 2],
            methods: BLOB_METHODS,
            answer: blobs.handler(refuse, cutWithToken),
          },
        }
  const answers: Readonly<Record<string, Route>> = {
    ...blobRoute,
    admin: {
      segments: [1, 2, 3],
      methods: ADMIN_METHODS,
      answer: createAdminHandler({ gate, access, operations, refuse }),
    },
    feed: { segments: [1], answer: answerFeed },
    access: { segments: [1], answer: answerAccess },
    yjs: { segments: [2], answer: (request, response) => refuse(request, response, UPGRADE_REQUIRED) },
    sync: { segments: [1], answer: (request, response) => refuse(request, response, UPGRADE_REQUIRED) },
    healthz: { segments: [0], answer: (_request, response) => sendJson(response, 200, { status: 'ok' }) },
    readyz: { segments: [0], answer: answerReady },
    metrics: { segments: [0], answer: answerMetrics },
  }

  async function answerFeed(request: IncomingMessage, response: ServerResponse, rest: string[]): Promise<void> {
    const space = rest[0]!
    const admission = await gate.admit({ space }, bearerOf(request))
    if (admission.kind === 'refused') {
      refuse(request, response, admission.refusal)
      return
    }
    const query = readFeedQuery(queryOf(request), limits.feedWait)
    if (query === null) {
      refuse(request, response, BAD_QUERY)
      return
    }
    if (tooMany(admission.grant)) {
      refuse(request, response, TOO_MANY_FOR_TOKEN)
      return
    }
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    if (!cutWithToken(request, response, admission.grant, () => gone.abort())) return
    // Whoever knows another history is told so at once.
    const isOver = query.history !== '' && !goesOn(log, space, query)
    const page = await feeds.read(space, isOver ? { ...query, wait: 0 } : query, gone.signal)
    if (!gone.signal.aborted) sendJson(response, 200, feedBody(log, space, page, query, admission.grant))
  }

  async function answerAccess(request: IncomingMessage, response: ServerResponse, rest: string[]): Promise<void> {
    const space = rest[0]!
    const admission = await gate.admit({ space }, bearerOf(request))
    if (admission.kind === 'refused') {
      refuse(request, response, admission.refusal)
      return
    }
    const { role, expires, documents } = admission.grant
    sendJson(response, 200, { space, role, expires, ...(documents === undefined ? {} : { documents }) })
  }

  async function answerReady(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!isReady()) {
      refuse(request, response, SHUTTING_DOWN)
      return
    }
    const { incarnation } = log
    // Names of files that no document's name is in: whoever runs this is to look at them.
    const quarantine = [...(await log.quarantine()), ...((await blobs?.quarantine()) ?? [])]
    const failing = writesFailing()
    if (failing === null) sendJson(response, 200, { status: 'ready', incarnation, quarantine })
    else sendJson(response, 503, { status: 'writes-fail', ...failing, incarnation, quarantine })
  }

  async function answerMetrics(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const why = await gate.admitObserver(request)
    if (why !== null) {
      refuse(request, response, why)
      return
    }
    response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8', 'cache-control': 'no-store' })
    response.end(renderMetrics())
  }

  return (request, response) => {
    const bad = gate.checkAddress(request)
    const [first = '', ...rest] = pathOf(request).slice(1).split('/')
    const known = Object.hasOwn(answers, first) ? answers[first] : undefined
    if (known === undefined) {
      if (bad !== FOREIGN_HOST) return false
      refuse(request, response, bad)
      return true
    }
    if (bad !== null) {
      refuse(request, response, bad)
      return true
    }
    allowOrigin(request, response)
    const { methods = READING } = known
    if (request.method === 'OPTIONS') {
      answerPreflight(response, methods)
    } else if (!methods.includes(request.method ?? '')) {
      response.setHeader('allow', [...methods, 'OPTIONS'].join(', '))
      refuse(request, response, BAD_METHOD)
    } else if (!known.segments.includes(rest.length)) {
      refuse(request, response, BAD_PATH)
    } else {
      Promise.resolve(known.answer(request, response, rest)).catch((error: unknown) => {
        onFailed(loggedPath(request), messageOf(error))
        if (response.headersSent) response.destroy()
        else refuse(request, response, INTERNAL)
      })
    }
    return true
  }
}

/** The origin has been found good; a page of another origin may then read the answer. */
function allowOrigin(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('vary', 'Origin')
  if (request.headers.origin === undefined) return
  response.setHeader('access-control-allow-origin', request.headers.origin)
  response.setHeader('access-control-expose-headers', 'etag, content-range, accept-ranges, content-disposition')
}

const ALLOWED_HEADERS = 'authorization, content-type, range, if-range, if-match, if-none-match'

function answerPreflight(response: ServerResponse, methods: readonly string[]): void {
  response.writeHead(204, {
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': ALLOWED_HEADERS,
    'access-control-allow-private-network': 'true',
    'access-control-max-age': '600',
  })
  response.end()
}
