export interface Ready {
  readonly url: string
  readonly token: string
  readonly data: string
}

/** The line that programs wait for (contract). */
export function readyLine({ url, token, data }: Ready): string {
  return `${JSON.stringify({ event: 'listening', url, token, space: 'default', data })}\n`
}

/** What a person sees. The token is in the fragment, which browsers send to nobody. */
export function banner({ url, token, data }: Ready): string {
  return `
  Holdfast is running.

    Open     ${url}/#token=${token}
    Kept in  ${data}
    Stop     Ctrl+C

  Whoever has this address can read and change every conversation.

`
}
