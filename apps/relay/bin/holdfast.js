#!/usr/bin/env node
import { existsSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'

const main = new URL('../dist/main.js', import.meta.url)

if (Number.parseInt(process.versions.node, 10) < 20) {
  process.stderr.write(`holdfast: Node ${process.versions.node} is too old; install Node 20 or later.\n`)
  process.exitCode = 1
} else if (!existsSync(main)) {
  process.stderr.write('holdfast: not built yet; run "npm start" in the checkout, or "npm run build" and this again.\n')
  process.exitCode = 1
} else {
  // Before the heap grows: V8 would let the space for new objects become 130 MB under load, for objects that live as long as a message does.
  // Kept as small as it begins, 500,000 updates cost as much time and 110 MB less (decision 0077).
  setFlagsFromString('--semi-space-growth-factor=1')
  await import(main.href)
}
