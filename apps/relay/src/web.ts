import { existsSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sirv from 'sirv'

/**
 * The page loads nothing but its own files, and nobody may frame it. It may connect anywhere, because a person chooses where answers come
 * from; pictures may not, because an answer could carry a conversation away in the address of one.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "media-src 'self' blob:",
  "manifest-src 'self'",
  "worker-src 'self'",
  'connect-src * ws: wss: data: blob:',
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS = {
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'X-Frame-Options': 'DENY',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
} as const

export type Serve = (request: IncomingMessage, response: ServerResponse) => void

/** Beside the command where it was packed (an image, a package), else where a checkout builds it. */
export function findWebApp(): string {
  const packed = fileURLToPath(new URL('../web/', import.meta.url))
  return existsSync(packed) ? packed : fileURLToPath(new URL('../../web/dist/', import.meta.url))
}

/** Serves the built web app. Names of files under `assets/` change with their content; all others are asked for again each time. */
export function serveWebApp(directory: string): { serve: Serve; built: boolean } {
  if (!existsSync(join(directory, 'index.html'))) {
    return {
      built: false,
      serve: (_request, response) => {
        plain(
          response,
          503,
          'The web app is not built. Run "npm run build" in the checkout and start holdfast again.\n',
        )
      },
    }
  }
  const files = sirv(directory, {
    etag: true,
    setHeaders(response, path) {
      const hashed = path.startsWith('/assets/')
      response.setHeader('Cache-Control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    },
  })
  return {
    built: true,
    serve(request, response) {
      if (request.method !== 'GET' && request.method !== 'HEAD') {
        response.setHeader('Allow', 'GET, HEAD')
        plain(response, 405, 'Only GET and HEAD.\n')
        return
      }
      files(request, response, () => plain(response, 404, 'There is nothing here.\n'))
    },
  }
}

function plain(response: ServerResponse, status: number, text: string): void {
  for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' })
  response.end(text)
}
