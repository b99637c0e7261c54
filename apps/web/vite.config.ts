import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { preloadMain } from './build/preload-plugin.ts'
import { serviceWorker } from './build/service-worker-plugin.ts'

export default defineConfig({
  base: './',
  plugins: [react(), preloadMain('/src/main.tsx'), serviceWorker()],
  resolve: { conditions: ['@holdfast/source', 'module', 'browser', 'development|production'] },
  build: {
    target: 'es2023',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    sourcemap: true,
    // The font and every chunk stay files of their own: the service worker keeps them, and the page's policy needs no data: addresses.
    assetsInlineLimit: 0,
  },
})
