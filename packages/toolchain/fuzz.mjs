import { become, build, install, run, tool } from './setup.mjs'

// npm run test:fuzz: hostile bytes for everything that reads them. `npm run test:fuzz -- --seconds 600 --seed 7`.
await run((args) => {
  install()
  build()
  return become(tool('node'), ['packages/fuzz/dist/main.js', ...args])
})
