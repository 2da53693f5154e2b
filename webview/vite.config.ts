import { join } from 'node:path'
import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'

/** One script and one style sheet with fixed names: the content security policy names them, nothing is loaded later. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [svelte({ configFile: false })],
  resolve: { alias: { '#shared': join(import.meta.dirname, '../shared') } },
  build: {
    outDir: '../dist/webview',
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: false,
    cssCodeSplit: false,
    rollupOptions: {
      input: join(import.meta.dirname, 'main.ts'),
      output: { entryFileNames: 'chat.js', assetFileNames: 'chat[extname]' },
    },
  },
})
