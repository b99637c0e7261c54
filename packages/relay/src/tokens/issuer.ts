import { createHash } from 'node:crypto'
import { createRemoteJWKSet, customFetch, errors, type FetchImplementation, type JWTPayload, jwtVerify } from 'jose'
import type { Grant } from '../access.ts'
import { isNames, isRole, isSpaces, isTokenId } from './record.ts'

/** Tokens that somebody else signs: an identity provider, or a service of one's own. */
export interface IssuerOptions {
  /** Where its public keys are (RFC 7517), `https:`, or `http:` for what is near. */
  readonly jwks: string
  /** What `iss` must be, exactly. */
  readonly issuer: string
  /** What `aud` must be or contain. */
  readonly audience: string
  /** The claim that holds `{"spaces", "documents"?, "role"}`; `holdfast` unless given. Some providers want a URL here. */
  readonly claim?: string
  readonly fetch?: FetchImplementation
}

/** The keys of the issuer cannot be had now, and those that are known do not fit the token. */
export class IssuerUnreachableError extends Error {
  override readonly name = 'IssuerUnreachableError'
  readonly code = 'ISSUER_UNREACHABLE'
}

export interface Issuer {
  /**
   * @returns null for a token that is not good
   * @throws IssuerUnreachableError
   */
  verify(token: string, now: number): Promise<Grant | null>
}

/** Only signatures that a public key checks: with a shared secret, whoever can read the keys could sign. */
export const OUTSIDE_ALGORITHMS: readonly string[] = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
]
export const DEFAULT_CLAIM = 'holdfast'

const FETCH_TIMEOUT = 5_000
/** How old keys may get before others are asked for beside the work, and how soon after keys that had not the one that was looked for. */
const KEYS_STALE_AFTER = 10 * 60_000
const COOLDOWN = 30_000
/** After a failed request no other is made for so long: a stranger's made-up key ids must not make us hammer the issuer. */
const RETRY_AFTER = 5_000

/**
 * Checks tokens of another issuer by the public keys at its address. Keys that were fetched go on while it cannot be reached.
 * @throws TypeError when the address is none
 */
export function createIssuer(options: IssuerOptions, monotonic: () => number = () => performance.now()): Issuer {
  const { jwks, issuer, audience, claim = DEFAULT_CLAIM } = options
  const ask: FetchImplementation = options.fetch ?? ((url, init) => fetch(url, init))
  let failedAt = Number.NEGATIVE_INFINITY
  let fetchedAt = Number.NEGATIVE_INFINITY

  const guarded: FetchImplementation = async (url, init) => {
    if (monotonic() - failedAt < RETRY_AFTER) throw new IssuerUnreachableError('The issuer could not be reached.')
    // Until it has answered, for good or bad, it has not.
    failedAt = monotonic()
    const response = await ask(url, init)
    if (response.status !== 200) return response
    const set: unknown = await response.json()
    if (isKeySet(set)) failedAt = Number.NEGATIVE_INFINITY
    return Response.json(set)
  }
  const keys = createRemoteJWKSet(new URL(jwks), {
    timeoutDuration: FETCH_TIMEOUT,
    cooldownDuration: COOLDOWN,
    // Never thrown away: what is stale is asked for again below, and goes on if there is no answer.
    cacheMaxAge: Number.POSITIVE_INFINITY,
    [customFetch]: guarded,
  })

  /** Newer keys, beside the work. A withdrawn key stops working with the first answer after it is stale. */
  function freshen(): void {
    const now = monotonic()
    if (keys.jwks() === undefined || now - fetchedAt < KEYS_STALE_AFTER) return
    fetchedAt = now
    keys.reload().catch(() => {
      fetchedAt = now - KEYS_STALE_AFTER + RETRY_AFTER
    })
  }

  return {
    async verify(token, now) {
      if (keys.jwks() === undefined) fetchedAt = monotonic()
      freshen()
      try {
        const { payload } = await jwtVerify(token, keys, {
          algorithms: [...OUTSIDE_ALGORITHMS],
          issuer,
          audience,
          requiredClaims: ['exp'],
          currentDate: new Date(now),
        })
        return grantOf(payload, claim, token)
      } catch (error) {
        if (isAboutTheToken(error)) return null
        throw new IssuerUnreachableError('The keys of the issuer could not be fetched.', { cause: error })
      }
    },
  }
}

function isKeySet(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'keys' in value && Array.isArray(value.keys)
}

/** Everything else that `jwtVerify` throws comes of fetching the keys. */
function isAboutTheToken(error: unknown): boolean {
  return (
    error instanceof errors.JWTClaimValidationFailed ||
    error instanceof errors.JWTExpired ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWSSignatureVerificationFailed ||
    error instanceof errors.JOSEAlgNotAllowed ||
    error instanceof errors.JOSENotSupported ||
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys
  )
}

/** Null when the claim is not there or not of a shape we know: nothing is guessed. */
function grantOf(payload: JWTPayload, claim: string, token: string): Grant | null {
  const given = payload[claim]
  if (typeof given !== 'object' || given === null || payload.exp === undefined) return null
  const { spaces, documents, role } = given as Record<string, unknown>
  if (!isSpaces(spaces) || !isRole(role) || !(documents === undefined || isNames(documents))) return null
  const id = isTokenId(payload.jti) ? payload.jti : idOf(token)
  return { spaces, ...(documents === undefined ? {} : { documents }), role, expires: payload.exp * 1000, id }
}

/** What a token without an id of its own is revoked by. */
function idOf(token: string): string {
  return `sha256:${createHash('sha256').update(token).digest('hex').slice(0, 32)}`
}
