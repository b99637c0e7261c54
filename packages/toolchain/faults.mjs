import { become, build, install, run, tool } from './setup.mjs'

// npm run test:faults: the real process killed, cut off from its power, on rotten and full disks. `npm run test:faults -- --kills 10000 --jobs 2`.
await run((args) => {
  install()
  build()
  return become(tool('node'), ['packages/faults/dist/main.js', ...args])
})
