import { CLOSE, type CloseCode, type HelloFrame, type SyncConnectionEvent } from '@holdfast/protocol'
import type { Grant } from '../access.ts'
import { messageOf } from '../events.ts'
import { type RefusalCode, TOO_MANY_FOR_TOKEN } from '../refusal.ts'
import type { SyncServices } from './services.ts'
import type { SyncSpace } from './space.ts'

type Verified = Extract<SyncConnectionEvent, { readonly kind: 'verified' }>
type Denied = Extract<SyncConnectionEvent, { readonly kind: 'denied' }>

const CLOSES: Partial<Record<RefusalCode, CloseCode>> = {
  NO_TOKEN: CLOSE.TOKEN_EXPIRED,
  BAD_TOKEN: CLOSE.TOKEN_EXPIRED,
  FORBIDDEN: CLOSE.FORBIDDEN,
  UNKNOWN_SPACE: CLOSE.NOT_FOUND,
  BAD_NAME: CLOSE.NOT_FOUND,
  ISSUER_UNREACHABLE: CLOSE.LOAD_FAILED,
}

/**
 * Whether a token admits to the space, and where the client then stands. In the order of every other endpoint: nobody without a good
 * token learns which spaces exist.
 * @param hello the client's, when it is not admitted yet
 */
export async function verifyToken(
  services: SyncServices,
  space: SyncSpace,
  token: string,
  hello: HelloFrame | null,
): Promise<{ readonly kind: 'verified'; readonly grant: Grant; readonly event: Verified } | Denied> {
  const { gate, clock, log, report, metrics, limits, tenures } = services
  try {
    const admission = await gate.admit({ space: space.name }, token)
    if (admission.kind === 'refused') {
      const { code, message } = admission.refusal
      metrics.refused(code)
      return denied(CLOSES[code] ?? CLOSE.FORBIDDEN, message)
    }
    const { grant } = admission
    // Another token on an open connection comes in the place of the first.
    if (hello !== null && tenures.countOf(grant) >= limits.connectionsPerToken) {
      metrics.refused(TOO_MANY_FOR_TOKEN.code)
      return denied(CLOSE.BUSY, TOO_MANY_FOR_TOKEN.message)
    }
    if (grant.expires !== null && grant.expires <= clock.now())
      return denied(CLOSE.TOKEN_EXPIRED, 'The token has expired.')
    const head = await space.head()
    return { kind: 'verified', grant, event: verified(grant, head) }
  } catch (error) {
    report({ event: 'request-failed', path: `/sync/${space.name}`, error: messageOf(error) })
    return denied(CLOSE.LOAD_FAILED, 'The space could not be read. Try again.')
  }

  function verified(grant: Grant, head: number): Verified {
    const follows = hello !== null && log.follows(space.name, hello.incarnation, hello.cursor, hello.reach)
    return {
      kind: 'verified',
      role: grant.role,
      expiresIn: grant.expires === null ? 0 : Math.max(1, Math.floor((grant.expires - clock.now()) / 1000)),
      incarnation: log.history,
      head,
      follows,
      until: hello === null ? 0 : log.sharedUntil(hello.incarnation),
    }
  }
}

function denied(code: CloseCode, reason: string): Denied {
  return { kind: 'denied', code, reason }
}
