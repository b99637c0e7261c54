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
