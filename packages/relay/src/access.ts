import { createHash, timingSafeEqual } from 'node:crypto'
import { isName } from '@holdfast/protocol'
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'

export type Role = 'read' | 'write' | 'admin'

/** What a token that was found good says. */
export interface Grant {
  /** Spaces it reaches, or all. */
  readonly spaces: readonly string[] | '*'
  /** Only these documents, when given. */
  readonly documents?: readonly string[]
  readonly role: Role
  /** Milliseconds since 1970; null for the admin token, which does not expire. */
  readonly expires: number | null
  /** The token's own id (`jti`), for revocation; null for the admin token. */
  readonly id: string | null
}

export interface TokenClaims {
  readonly spaces: readonly string[] | '*'
  readonly documents?: readonly string[]
  readonly role: Role
  /** Milliseconds since 1970. */
  readonly expires: number
  readonly id: string
}

export interface Access {
  /** @returns null for a token that is wrong, expired, or of another audience */
  verify(token: string): Promise<Grant | null>
  /** Makes a token. */
  sign(claims: TokenClaims): Promise<string>
}

export interface AccessOptions {
  /** 32 bytes for HS256. */
  readonly key: Uint8Array
  /** `HOLDFAST_TOKEN`: a fixed token (32 characters or more) with the role admin. */
  readonly adminToken?: string
  /** Milliseconds since 1970. */
  readonly now?: () => number
}

const ALGORITHM = 'HS256'
const AUDIENCE = 'holdfast'
const ROLES: readonly string[] = ['read', 'write', 'admin']
/** Longer than any token we sign; what is longer is not looked at. */
const LONGEST_TOKEN = 8192
const MIN_ADMIN_TOKEN = 32

/** The key or the admin token given to `createAccess` cannot be used. */
export class AccessConfigurationError extends Error {
  readonly code = 'BAD_ACCESS_CONFIGURATION'
  override readonly name = 'AccessConfigurationError'
}

/**
 * Signs and checks tokens: JWTs with one fixed algorithm (HS256) and one fixed audience, and if given one static admin token.
 * @throws AccessConfigurationError
 */
export function createAccess(options: AccessOptions): Access {
  const { key, adminToken } = options
  const now = options.now ?? Date.now
  if (key.length < 32) throw new AccessConfigurationError('The signing key must have 32 bytes or more.')
  if (adminToken !== undefined && adminToken.length < MIN_ADMIN_TOKEN) {
    throw new AccessConfigurationError(`HOLDFAST_TOKEN must have ${MIN_ADMIN_TOKEN} characters or more.`)
  }
  const isAdminToken = adminToken === undefined ? () => false : constantTimeEqual(adminToken)

  return {
    async verify(token) {
      if (token.length === 0 || token.length > LONGEST_TOKEN) return null
      if (isAdminToken(token)) return { spaces: '*', role: 'admin', expires: null, id: null }
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [ALGORITHM],
          audience: AUDIENCE,
          requiredClaims: ['exp', 'jti'],
          currentDate: new Date(now()),
        })
        return grantOf(payload)
      } catch (error) {
        if (error instanceof errors.JOSEError) return null
        throw error
      }
    },
    sign(claims) {
      const documents = claims.documents === undefined ? {} : { documents: claims.documents }
      return new SignJWT({ spaces: claims.spaces, role: claims.role, ...documents })
        .setProtectedHeader({ alg: ALGORITHM })
        .setAudience(AUDIENCE)
        .setJti(claims.id)
        .setIssuedAt(Math.floor(now() / 1000))
        .setExpirationTime(Math.floor(claims.expires / 1000))
        .sign(key)
    },
  }
}

/** Hashes first, so that neither the time taken nor an early return tells how much of a guess was right, or its length. */
function constantTimeEqual(secret: string): (guess: string) => boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  const expected = digest(secret)
  return (guess) => timingSafeEqual(digest(guess), expected)
}

/** Null when the claims, though signed by us, are not of a shape we know: a token of a newer version is not guessed at. */
function grantOf(payload: JWTPayload): Grant | null {
  const { spaces, documents, role, exp, jti } = payload
  if (!(spaces === '*' || isNames(spaces)) || !(documents === undefined || isNames(documents))) return null
  if (!isRole(role) || exp === undefined || jti === undefined) return null
  return { spaces, ...(documents === undefined ? {} : { documents }), role, expires: exp * 1000, id: jti }
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string' && isName(name))
}

function isRole(value: unknown): value is Role {
  return typeof value === 'string' && ROLES.includes(value)
}

export function reachesSpace(grant: Grant, space: string): boolean {
  return grant.spaces === '*' || grant.spaces.includes(space)
}

export function reachesDocument(grant: Grant, document: string): boolean {
  return grant.documents === undefined || grant.documents.includes(document)
}
