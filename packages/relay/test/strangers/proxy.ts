import { createServer, request as httpRequest, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'

/** A small proxy before a relay, as a real one is set up: the Host goes through, and who connected is added to `X-Forwarded-For`. */
export async function startProxy(
  relayPort: () => number,
  addressOf: (request: IncomingMessage) => string = ({ socket }) => socket.remoteAddress ?? '',
): Promise<{ readonly port: number; readonly server: Server; stop(): Promise<unknown> }> {
  const headersOf = (request: IncomingMessage): Record<string, string | string[]> => {
    const before = request.headers['x-forwarded-for']
    const chain = [...(before === undefined ? [] : [String(before)]), addressOf(request)].join(', ')
    const kept = Object.entries(request.headers).filter(
      (entry): entry is [string, string | string[]] => entry[1] !== undefined,
    )
    return { ...Object.fromEntries(kept), 'x-forwarded-for': chain, 'x-forwarded-proto': 'https' }
  }
  const server = createServer((request, response) => {
    const { method, url } = request
    const onward = httpRequest({ port: relayPort(), host: '127.0.0.1', method, path: url, headers: headersOf(request) })
    onward.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
    })
    onward.on('error', () => response.destroy())
    request.pipe(onward)
  })
  server.on('upgrade', (request, socket, head) => {
    const onward = connect(relayPort(), '127.0.0.1', () => {
      const lines = Object.entries(headersOf(request)).map(([name, value]) => `${name}: ${String(value)}`)
      onward.write(`GET ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
      onward.write(head)
      onward.pipe(socket).pipe(onward)
    })
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    server,
    stop: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}
