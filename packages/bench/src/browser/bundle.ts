import { fileURLToPath } from 'node:url'
import { build, type Rolldown } from 'vite'

const cache = new Map<string, Promise<string>>()

/**
 * A program of `src/pages` with all it imports as one script, whose exports become the global `name`. It is given to a
 * page by evaluating it, so that it needs no server and no content policy stands in its way.
 */
export function bundle(page: string, name: string): Promise<string> {
  const made = cache.get(page) ?? bundleAnew(page, name)
  cache.set(page, made)
  return made
}

async function bundleAnew(page: string, name: string): Promise<string> {
  const entry = fileURLToPath(new URL(`../pages/${page}.js`, import.meta.url))
  const built = (await build({
    configFile: false,
    logLevel: 'error',
    define: { 'process.env.NODE_ENV': '"production"' },
    build: { write: false, target: 'es2023', lib: { entry, formats: ['iife'], name } },
  })) as Rolldown.RolldownOutput[]
  const [chunk] = built[0]?.output ?? []
  if (chunk?.type !== 'chunk') throw new Error(`${page} did not become a script`)
  // A declaration inside an evaluated string is the page's only when it is put there.
  return `${chunk.code}\nglobalThis.${name} = ${name};`
}
