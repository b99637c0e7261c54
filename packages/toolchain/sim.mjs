import { become, build, install, run, tool } from './setup.mjs'

// npm run sim: the real store and relay on a clock, a network and disks that a seed drives. `npm run sim -- --seeds 20000`.
await run((args) => {
  install()
  build()
  return become(tool('node'), ['packages/simulation/dist/main.js', ...args])
})
