import type { HtmlTagDescriptor, Plugin } from 'vite'

/**
 * The page begins in a small file that opens the storage and imports the rest. Without this the browser would only
 * learn of the rest after running that file; with it both are fetched at once.
 */
export function preloadMain(module: string): Plugin {
  return {
    name: 'holdfast-preload-main',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }) {
        if (!bundle) return []
        const chunks = Object.values(bundle).filter((file) => file.type === 'chunk')
        const main = chunks.find((chunk) => chunk.facadeModuleId?.endsWith(module))
        const entry = chunks.find((chunk) => chunk.isEntry)
        if (!main) throw new Error(`the build has no chunk of ${module}`)
        const known = new Set([entry?.fileName, ...(entry?.imports ?? [])])
        const scripts = [main.fileName, ...main.imports].filter((file) => !known.has(file))
        const styles = [...(main.viteMetadata?.importedCss ?? [])]
        return [
          ...scripts.map(
            (file): HtmlTagDescriptor => ({
              tag: 'link',
              attrs: { rel: 'modulepreload', crossorigin: true, href: `./${file}` },
              injectTo: 'head',
            }),
          ),
          ...styles.map(
            (file): HtmlTagDescriptor => ({
              tag: 'link',
              attrs: { rel: 'preload', as: 'style', crossorigin: true, href: `./${file}` },
              injectTo: 'head',
            }),
          ),
        ]
      },
    },
  }
}
