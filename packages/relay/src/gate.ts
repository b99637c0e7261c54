import type { IncomingMessage } from 'node:http'
import { isName } from '@holdfast/protocol'
import { type Access, type Grant, reachesDocument, reachesSpace } from './access.ts'
import type { AddressPolicy } from './address.ts'
import type { Refusal } from './refusal.ts'
import * as refusals from './refusal.ts'
import { IssuerUnreachableError } from './tokens/issuer.ts'

export interface Gate {
  /** Host, then Origin. Null when both are good. */
  checkAddress(request: IncomingMessage): Refusal | null
  /** Names, token, reach, existence: in this order, so that nobody without a token learns which spaces exist. */
  admit(target: Target, token: string | null): Promise<Admission>
  /**
   * For looking at how the relay is: whoever is on this machine, unless the relay is reached from elsewhere through a proxy on it, and tokens
   * of all spaces.
   * @returns null when it may
   */
  admitObserver(request: IncomingMessage): Promise<Refusal | null>
  /** For what concerns the relay as a whole: admins of all spaces only. */
  admitAdmin(token: string | null): Promise<Admission>
}

/** Path segments as they were given. */
export interface Target {
  readonly space: string
  readonly document?: string
}

export type Admission =
  | { readonly kind: 'admitted'; readonly grant: Grant }
  | { readonly kind: 'refused'; readonly refusal: Refusal }

export interface GateOptions {
  readonly address: AddressPolicy
  readonly access: Access
  /** A proxy makes it reachable from elsewhere, so that a connection from this machine says nothing. */
  readonly isPublic: boolean
  readonly spaces: ReadonlySet<string>
}

export function createGate({ address, access, isPublic, spaces }: GateOptions): Gate {
  async function grantFor(token: string | null): Promise<Admission> {
    if (token === null || token === '') return refused(refusals.NO_TOKEN)
    try {
      const grant = await access.verify(token)
      return grant === null ? refused(refusals.BAD_TOKEN) : { kind: 'admitted', grant }
    } catch (error) {
      if (error instanceof IssuerUnreachableError) return refused(refusals.ISSUER_UNREACHABLE)
      throw error
    }
  }

  return {
    checkAddress(request) {
      if (!address.acceptsHost(request)) return refusals.FOREIGN_HOST
      return address.acceptsOrigin(request) ? null : refusals.FOREIGN_ORIGIN
    },
    async admit({ space, document }, token) {
      if (!isName(space) || (document !== undefined && !isName(document))) return refused(refusals.BAD_NAME)
      const admission = await grantFor(token)
      if (admission.kind === 'refused') return admission
      const { grant } = admission
      if (!reachesSpace(grant, space)) return refused(refusals.FORBIDDEN)
      if (!spaces.has(space)) return refused(refusals.UNKNOWN_SPACE)
      if (document !== undefined && !reachesDocument(grant, document)) return refused(refusals.FORBIDDEN)
      return admission
    },
    async admitObserver(request) {
      const token = bearerOf(request)
      if (token === null && !isPublic && isLocal(request)) return null
      const admission = await grantFor(token)
      if (admission.kind === 'refused') return admission.refusal
      const { spaces, documents } = admission.grant
      return spaces === '*' && documents === undefined ? null : refusals.FORBIDDEN
    },
    async admitAdmin(token) {
      const admission = await grantFor(token)
      if (admission.kind === 'refused') return admission
      const { role, spaces, documents } = admission.grant
      return role === 'admin' && spaces === '*' && documents === undefined ? admission : refused(refusals.ADMINS_ONLY)
    },
  }
}

function refused(refusal: Refusal): Admission {
  return { kind: 'refused', refusal }
}

/** The token of an `Authorization: Bearer` header. */
export function bearerOf(request: IncomingMessage): string | null {
  const match = /^Bearer +([^\s]+)$/i.exec(request.headers.authorization ?? '')
  return match === null ? null : match[1]!
}

const FORWARDED = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via']

/** From this machine, or over a Unix socket, and not handed on by a proxy that says so. */
function isLocal({ socket, headers }: IncomingMessage): boolean {
  if (FORWARDED.some((name) => headers[name] !== undefined)) return false
  const { remoteAddress } = socket
  return remoteAddress === undefined || /^(?:::ffff:)?127\.|^::1$/.test(remoteAddress)
}
