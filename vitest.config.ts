import react from '@vitejs/plugin-react'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import { chromiumArguments, findChromium } from './packages/toolchain/chromium.mjs'

// Tests run on the sources of our packages, not on what was built of them.
const conditions = ['@holdfast/source', 'module', 'node', 'development|production']
const browserConditions = ['@holdfast/source', 'module', 'browser', 'development|production']

// On a busy machine a real browser now and then misses a deadline of its own. Such a test gets one more try in CI, of several browsers and a relay two, and the
// report says so; at a desk it does not.
const more = (tries: number): number => (process.env.CI ? tries : 0)

export default defineConfig({
  test: {
    reporters: ['default', './packages/toolchain/closing-line.ts'],
    maxWorkers: 2,
    projects: [
      {
        resolve: { conditions },
        ssr: { resolve: { conditions } },
        test: {
          name: 'node',
          include: ['packages/*/test/**/*.test.ts', 'apps/*/test/**/*.test.ts'],
          exclude: ['**/*.browser.test.ts', '**/*.browser.test.tsx', '**/*.e2e.test.ts'],
          testTimeout: 60_000,
        },
      },
      {
        plugins: [react()],
        resolve: { conditions: browserConditions },
        optimizeDeps: {
          include: [
            'react',
            'react-dom/client',
            'react/jsx-dev-runtime',
            'yjs',
            'y-websocket',
            'y-indexeddb',
            'vitest-browser-react',
          ],
        },
        test: {
          name: 'chromium',
          include: ['packages/*/test/**/*.browser.test.{ts,tsx}'],
          testTimeout: 60_000,
          retry: more(1),
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            provider: playwright({
              launchOptions: { executablePath: findChromium() ?? 'chromium', args: chromiumArguments },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        resolve: { conditions },
        ssr: { resolve: { conditions } },
        test: {
          name: 'end to end',
          include: ['apps/*/test/**/*.e2e.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          retry: more(2),
          fileParallelism: false,
        },
      },
    ],
  },
})
