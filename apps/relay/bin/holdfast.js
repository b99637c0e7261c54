#!/usr/bin/env node
import { existsSync } from 'node:fs'

const main = new URL('../dist/main.js', import.meta.url)

if (Number.parseInt(process.versions.node, 10) < 20) {
  process.stderr.write(`holdfast: Node ${process.versions.node} is too old; install Node 20 or later.\n`)
  process.exitCode = 1
} else if (!existsSync(main)) {
  process.stderr.write('holdfast: not built yet; run "npm start" in the checkout, or "npm run build" and this again.\n')
  process.exitCode = 1
} else {
  await import(main.href)
}
