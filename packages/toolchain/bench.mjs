import { become, browser, build, install, run, tool } from './setup.mjs'

// npm run bench: every benchmark, or those named (`npm run bench -- store`), beside its reference in the same run.
await run((args) => {
  install()
  browser()
  build()
  return become(tool('node'), ['packages/bench/dist/main.js', ...args])
})
