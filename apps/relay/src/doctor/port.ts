import { createServer } from 'node:net'
import { addressOf } from '../address.ts'
import { codeOf } from '../failure.ts'
import { type Finding, fail, ok } from './finding.ts'

/** What to do about a relay whose `/readyz` says that writes fail. */
export const WRITES_FAIL = 'Make room on its disk, or see to the disk; the relay goes on by itself.'

/** Whether the port is free, or a relay is behind it. */
export async function checkPort(host: string, port: number): Promise<Finding[]> {
  const code = await tryPort(host, port)
  const where = `${host}:${port}`
  if (code === null) return [ok('port', `${where} is free`)]
  if (code === 'EADDRINUSE') {
    const who = await whoIsAt(addressOf(host, port))
    if (who === 'writes-fail') return [fail('port', `the relay at ${where} cannot write`, WRITES_FAIL)]
    if (who !== null) return [ok('port', `a relay answers at ${where} (${who})`)]
    return [fail('port', `${where} is in use by another program`, 'Choose another with --port, or end that program.')]
  }
  if (code === 'EACCES') return [fail('port', `${where} needs more rights`, 'Choose a port above 1023.')]
  return [fail('port', `${where} cannot be listened on (${code})`, 'Choose another address with --host.')]
}

function tryPort(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(codeOf(error) ?? 'unknown'))
    server.listen(port, host, () => server.close(() => resolve(null)))
  })
}

async function whoIsAt(url: string): Promise<string | null> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) })
    const said: unknown = await response.json()
    if (typeof said !== 'object' || said === null || !('status' in said)) return null
    return String(said.status)
  } catch {
    return null
  }
}
