import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, fail, ok, warn } from './finding.ts'

/** Whether this program can run as it should. */
export function checkProgram(webApp: string): Finding[] {
  const { node } = process.versions
  const major = Number.parseInt(node, 10)
  const version =
    major < 20
      ? fail('node', node, 'Install Node 20 or later.')
      : major < 22
        ? warn('node', `${node}, which is past its end of life`, 'Install Node 24.')
        : ok('node', node)
  const isBuilt = existsSync(join(webApp, 'index.html'))
  const web = isBuilt
    ? ok('web app', 'built')
    : warn('web app', `it is not built (${webApp})`, 'Run "npm run build" in the checkout; the relay works without it.')
  return [version, web]
}
