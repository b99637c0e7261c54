import { become, build, install, run, tool } from './setup.mjs'

// npm start: install, build, and run the relay with the web app. Flags after `--` are those of `holdfast serve`.
await run((flags) => {
  install()
  build()
  return become(tool('node'), ['apps/relay/bin/holdfast.js', 'serve', ...flags])
})
