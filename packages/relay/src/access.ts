import { createHash, randomUUID, timingSafeEqual } from 'node:crypto'
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import type { Issuer } from './tokens/issuer.ts'
import { OUTSIDE_ALGORITHMS } from './tokens/issuer.ts'
import type { TokenLedger } from './tokens/ledger.ts'
import { isNames, isRole, isSpaces, isTime, isTokenId, isTokenName, type TokenRecord } from './tokens/record.ts'

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
  /** What a person calls it. */
  readonly name?: string
  /** When it was made, in milliseconds since 1970; now unless given. The same claims make the same token, byte for byte. */
  readonly issued?: number
}

/** What somebody wants a token to be. */
export interface TokenWish {
  /** What a person calls it: 1 to 128 characters. */
  readonly name: string
  readonly role: Role
  readonly spaces: readonly string[] | '*'
  readonly documents?: readonly string[]
  /** Milliseconds since 1970, in the future. */
  readonly expires: number
}

export interface CreatedToken {
  /** Shown once and kept nowhere. */
  readonly token: string
  readonly record: TokenRecord
}

export interface Access {
  /**
   * @returns null for a token that is wrong, expired, revoked, or of another audience
   * @throws IssuerUnreachableError when it is of another issuer whose keys cannot be had now
   */
  verify(token: string): Promise<Grant | null>
  /** Makes a token that is recorded nowhere; by its id it can be revoked all the same. */
  sign(claims: TokenClaims): Promise<string>
  /**
   * Makes a token and records it, so that it can be listed.
   * @throws BadTokenWishError; TokenLedgerError
   */
  create(wish: TokenWish): Promise<CreatedToken>
  /** Null when nothing is recorded or revoked. */
  readonly ledger: TokenLedger | null
}

export interface AccessOptions {
  /** 32 bytes for HS256. */
  readonly key: Uint8Array
  /** `HOLDFAST_TOKEN`: a fixed token (32 characters or more) with the role admin. */
  readonly adminToken?: string
  /** Which tokens were made and revoked, see `openTokenLedger`. */
  readonly ledger?: TokenLedger
  /** Whose tokens are good besides our own, see `createIssuer`. */
  readonly issuer?: Issuer
  /** Milliseconds since 1970. */
  readonly now?: () => number
  /** Draws ids of tokens. */
  readonly randomId?: () => string
}

const ALGORITHM = 'HS256'
const AUDIENCE = 'holdfast'
/** Longer than any token we sign; what is longer is not looked at. */
const LONGEST_TOKEN = 8192
const MIN_ADMIN_TOKEN = 32

/** The key or the admin token given to `createAccess` cannot be used. */
export class AccessConfigurationError extends Error {
  readonly code = 'BAD_ACCESS_CONFIGURATION'
  override readonly name = 'AccessConfigurationError'
}

/** The wish for a token cannot be met: the message says what about it. */
export class BadTokenWishError extends Error {
  readonly code = 'BAD_TOKEN_WISH'
  override readonly name = 'BadTokenWishError'
}

/**
 * Signs and checks tokens: JWTs with one fixed algorithm (HS256) and one fixed audience, if given one static admin token, and if given
 * another issuer's tokens by its public keys.
 * @throws AccessConfigurationError
 */
export function createAccess(options: AccessOptions): Access {
  const { key, adminToken, ledger = null, issuer = null } = options
  const now = options.now ?? Date.now
  const randomId = options.randomId ?? randomUUID
  if (key.length < 32) throw new AccessConfigurationError('The signing key must have 32 bytes or more.')
  if (adminToken !== undefined && adminToken.length < MIN_ADMIN_TOKEN) {
    throw new AccessConfigurationError(`HOLDFAST_TOKEN must have ${MIN_ADMIN_TOKEN} characters or more.`)
  }
  const isAdminToken = adminToken === undefined ? () => false : constantTimeEqual(adminToken)

  async function verifyOwn(token: string): Promise<Grant | null> {
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
  }

  function sign(claims: TokenClaims): Promise<string> {
    const { spaces, role, documents, name, issued = now() } = claims
    const more = { ...(documents === undefined ? {} : { documents }), ...(name === undefined ? {} : { name }) }
    return new SignJWT({ spaces, role, ...more })
      .setProtectedHeader({ alg: ALGORITHM })
      .setAudience(AUDIENCE)
      .setJti(claims.id)
      .setIssuedAt(Math.floor(issued / 1000))
      .setExpirationTime(Math.floor(claims.expires / 1000))
      .sign(key)
  }

  return {
    ledger,
    async verify(token) {
      if (token.length === 0 || token.length > LONGEST_TOKEN) return null
      if (isAdminToken(token)) return { spaces: '*', role: 'admin', expires: null, id: null }
      // Each algorithm has one kind of key: a public key is never taken for a shared secret.
      const algorithm = algorithmOf(token)
      const isOutside = issuer !== null && algorithm !== null && OUTSIDE_ALGORITHMS.includes(algorithm)
      const grant = isOutside ? await issuer.verify(token, now()) : await verifyOwn(token)
      if (grant === null || (grant.id !== null && ledger?.isRevoked(grant.id) === true)) return null
      return grant
    },
    sign,
    async create(wish) {
      if (ledger === null) throw new BadTokenWishError('Nothing records tokens here.')
      checkWish(wish, now())
      const { name, role, spaces, documents, expires } = wish
      const id = randomId()
      const scope = { spaces, ...(documents === undefined ? {} : { documents }) }
      // A token tells its end in whole seconds.
      const record = { id, name, role, ...scope, created: now(), expires: Math.floor(expires / 1000) * 1000 }
      const token = await sign({ ...record, issued: record.created })
      await ledger.record(record)
      return { token, record }
    },
  }
}

/** @throws BadTokenWishError */
function checkWish({ name, role, spaces, documents, expires }: TokenWish, now: number): void {
  const complain = (message: string): never => {
    throw new BadTokenWishError(message)
  }
  if (!isTokenName(name)) complain('The name of a token is 1 to 128 characters, without control characters.')
  if (!isRole(role)) complain('The role of a token is read, write or admin.')
  if (!isSpaces(spaces) || spaces.length === 0) complain('A token names the spaces that it reaches, or all ("*").')
  if (documents !== undefined && (!isNames(documents) || documents.length === 0)) {
    complain('Documents are named by 1 to 128 of A-Z a-z 0-9 . _ ~ - and neither "." nor "..".')
  }
  if (!isTime(expires) || expires < now + 1000) complain('A token ends at a time in the future.')
}

/** What the token says it was signed with; null when it is no signed token. */
function algorithmOf(token: string): string | null {
  try {
    return decodeProtectedHeader(token).alg ?? null
  } catch (error) {
    if (error instanceof TypeError) return null
    throw error
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
  if (!isSpaces(spaces) || !(documents === undefined || isNames(documents))) return null
  if (!isRole(role) || exp === undefined || !isTokenId(jti)) return null
  return { spaces, ...(documents === undefined ? {} : { documents }), role, expires: exp * 1000, id: jti }
}

export function reachesSpace(grant: Grant, space: string): boolean {
  return grant.spaces === '*' || grant.spaces.includes(space)
}

export function reachesDocument(grant: Grant, document: string): boolean {
  return grant.documents === undefined || grant.documents.includes(document)
}
