import type { Role, TokenLedger } from '../../src/index.ts'
import type { RunningRelay } from '../helpers.ts'

/** Everybody who may come to a relay with the spaces `default` and `team`; `scoped` ones reach the document `in` and no other. */
export interface Identity {
  readonly name: string
  /** Why it is let into nothing; null when it is let in. */
  readonly barred: 'NO_TOKEN' | 'BAD_TOKEN' | 'FORBIDDEN' | null
  readonly role: Role
  readonly scoped: boolean
  readonly token: (at: RunningRelay & { ledger: TokenLedger }) => Promise<string | null>
}

const ROLES: readonly Role[] = ['read', 'write', 'admin']
const HOUR = 3_600_000

export const IDENTITIES: readonly Identity[] = [
  { name: 'nobody', barred: 'NO_TOKEN', role: 'read', scoped: false, token: async () => null },
  { name: 'a wrong token', barred: 'BAD_TOKEN', role: 'admin', scoped: false, token: async () => 'wrong' },
  {
    name: 'an expired token',
    barred: 'BAD_TOKEN',
    role: 'admin',
    scoped: false,
    token: ({ token }) => token('admin', { spaces: '*', expires: Date.now() - HOUR }),
  },
  {
    name: 'a revoked token',
    barred: 'BAD_TOKEN',
    role: 'admin',
    scoped: false,
    async token({ token, ledger }) {
      const made = await token('admin', { spaces: '*' })
      const [, payload = ''] = made.split('.')
      const { jti } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { jti: string }
      await ledger.revoke(jti)
      return made
    },
  },
  {
    name: 'a token of another space',
    barred: 'FORBIDDEN',
    role: 'admin',
    scoped: false,
    token: ({ token }) => token('admin', { spaces: ['team'] }),
  },
  ...ROLES.map(
    (role): Identity => ({
      name: `a token to ${role}`,
      barred: null,
      role,
      scoped: false,
      token: ({ token }) => token(role, { spaces: ['default'] }),
    }),
  ),
  ...ROLES.map(
    (role): Identity => ({
      name: `a token to ${role} one document`,
      barred: null,
      role,
      scoped: true,
      token: ({ token }) => token(role, { spaces: ['default'], documents: ['in'] }),
    }),
  ),
]

export const DOCUMENTS = ['in', 'out'] as const

export function reaches({ barred, scoped }: Identity, document: string): boolean {
  return barred === null && (!scoped || document === 'in')
}
