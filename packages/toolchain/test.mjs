import { become, browser, build, install, run, tool } from './setup.mjs'

// npm test: install what is missing, check, and run every test. Arguments go to vitest (a name, --project node, ...).
await run(async (args) => {
  install()
  browser()
  build()
  for (const [name, ...rest] of [
    ['biome', 'check', '--error-on-warnings', '.'],
    ['tsc', '-p', 'tsconfig.tests.json'],
  ]) {
    const code = await become(tool(name), rest)
    if (code !== 0) return code
  }
  return become(tool('vitest'), ['run', ...args])
})
