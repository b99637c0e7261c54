import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Plugin } from 'vite'

const template = fileURLToPath(new URL('./service-worker.js', import.meta.url))
/** Files of `public/` that the page needs to look right without a network. */
const fromPublic = ['icon.svg', 'manifest.webmanifest']

/** Writes `sw.js`, which knows every file of this build: the page then opens with no server at all. */
export function serviceWorker(): Plugin {
  return {
    name: 'holdfast-service-worker',
    apply: 'build',
    generateBundle: {
      order: 'post',
      handler(_options, bundle) {
        const built = Object.values(bundle).filter(
          (file) => file.fileName !== 'index.html' && !file.fileName.endsWith('.map'),
        )
        const files = [...built.map((file) => file.fileName), ...fromPublic].sort()
        const hash = createHash('sha256')
        for (const file of Object.values(bundle).sort((a, b) => (a.fileName < b.fileName ? -1 : 1))) {
          if (!file.fileName.endsWith('.map'))
            hash.update(file.fileName).update(file.type === 'chunk' ? file.code : file.source)
        }
        const source = readFileSync(template, 'utf8')
          .replace('__VERSION__', hash.digest('hex').slice(0, 12))
          .replace('[] /* __FILES__ */', JSON.stringify(files))
        this.emitFile({ type: 'asset', fileName: 'sw.js', source })
      },
    },
  }
}
