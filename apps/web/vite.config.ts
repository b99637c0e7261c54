import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react()],
  resolve: { conditions: ['@holdfast/source', 'module', 'browser', 'development|production'] },
  build: { target: 'es2023', sourcemap: true },
})
