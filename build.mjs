// Builds what is asked for into dist/: `node build.mjs [assets|cli|extension|webview …] [--package]`; without names, everything.
import { cpSync, existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { chmod, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { sdkParts } from './scripts/sdk-parts.mjs'
import { joinStartChunks } from './scripts/start-chunks.mjs'
import { typeScriptParserOnly } from './scripts/typescript-parser.mjs'

const root = import.meta.dirname
process.chdir(root)
const args = process.argv.slice(2)
const names = args.filter(arg => !arg.startsWith('--'))
const shouldPackage = args.includes('--package')
const wants = name => names.length === 0 || names.includes(name)

/** Read at run time by their path: `dist/assets/<name>`. See shared/host/node/assets.ts. */
const ASSETS = {
  'web-tree-sitter.wasm': 'node_modules/web-tree-sitter/web-tree-sitter.wasm',
  'tree-sitter-go.wasm': 'node_modules/tree-sitter-go/tree-sitter-go.wasm',
  'tree-sitter-rust.wasm': 'node_modules/tree-sitter-rust/tree-sitter-rust.wasm',
  'tree-sitter-python.wasm': 'node_modules/tree-sitter-python/tree-sitter-python.wasm',
  'tree-sitter-bash.wasm': 'node_modules/tree-sitter-bash/tree-sitter-bash.wasm',
  'ruff_fmt.wasm': 'node_modules/@wasm-fmt/ruff_fmt/ruff_fmt_bg.wasm',
  'gofmt.wasm': 'node_modules/@wasm-fmt/gofmt/gofmt.wasm',
  'sql-wasm.wasm': 'node_modules/sql.js/dist/sql-wasm.wasm',
  'terminal-view.mjs': 'shared/servers/acp/terminal-view.mjs',
}

// Bundled CommonJS packages use what an ES module does not have; it has to be made.
const COMMON_JS = [
  `import { createRequire as __createRequire } from 'node:module'`,
  `const require = __createRequire(import.meta.url)`,
  `const __filename = import.meta.filename`,
  `const __dirname = import.meta.dirname`,
].join(';')

const TYPESCRIPT_WORKER = 'shared/host/node/typescript-worker.ts'

/** Each runs on a thread of its own; found beside the bundle by shared/host/node/worker-path.ts. */
const WORKERS = { 'typescript-worker': TYPESCRIPT_WORKER, 'pdf-worker': 'shared/host/node/pdf-worker.ts' }

const node = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node22',
  splitting: true,
  minify: true,
  legalComments: 'none',
  // The CommonJS form of some packages loads its own files by computed names, which no bundler can follow.
  mainFields: ['module', 'main'],
  alias: {
    // A CommonJS package that is imported on demand has only a default export; this is the same as an ES module.
    yaml: './node_modules/yaml/browser/index.js',
    // Its main module loads data files by path; only the tokenizer is used.
    'css-tree': 'css-tree/tokenizer',
  },
  chunkNames: 'chunks/[name]-[hash]',
  outExtension: { '.js': '.mjs' },
  banner: { js: `${COMMON_JS};` },
  loader: { '.md': 'text' },
  plugins: [typeScriptParserOnly(root, TYPESCRIPT_WORKER), sdkParts(root)],
  logLevel: 'warning',
}

function buildAssets() {
  mkdirSync('dist/assets', { recursive: true })
  for (const [name, source] of Object.entries(ASSETS)) {
    const target = join('dist/assets', name)
    if (!existsSync(target) || statSync(target).mtimeMs < statSync(source).mtimeMs) cpSync(source, target)
  }
}

/** JSON schemas are made from the schemas in the source, so that they cannot differ. */
async function buildSchemas() {
  const { build } = await import('esbuild')
  const script = 'dist/write-schemas.mjs'
  await build({
    ...node,
    splitting: false,
    outExtension: {},
    entryPoints: ['scripts/write-schemas.ts'],
    outfile: script,
  })
  await import(pathToFileURL(join(root, script)).href)
  rmSync(script)
}

async function buildCli() {
  const { build } = await import('esbuild')
  rmSync('dist/cli', { recursive: true, force: true })
  const { metafile } = await build({
    ...node,
    minify: false,
    metafile: true,
    // The launcher answers --version without loading anything; the rest is one graph with lazy chunks.
    entryPoints: {
      kode: 'cli/launcher.ts',
      main: 'cli/main.ts',
      'version-line': 'cli/version-line.ts',
      ...WORKERS,
    },
    outdir: 'dist/cli',
  })
  await joinStartChunks('dist/cli', metafile.outputs)
  await chmod('dist/cli/kode.mjs', 0o755)
}

async function buildExtension() {
  const { build } = await import('esbuild')
  rmSync('dist/extension', { recursive: true, force: true })
  await build({
    ...node,
    // The command line shares nearly all chunks; the editor starts it as an MCP server.
    entryPoints: { extension: 'extension/extension.ts', cli: 'cli/main.ts', ...WORKERS },
    external: ['vscode'],
    outdir: 'dist/extension',
  })
}

async function buildWebview() {
  const { build } = await import('vite')
  await build({ configFile: join(root, 'webview/vite.config.ts'), logLevel: 'warn' })
}

async function packageVsix() {
  const { createVSIX } = await import('@vscode/vsce')
  await createVSIX({
    cwd: root,
    packagePath: 'dist/kode.vsix',
    dependencies: false,
    allowMissingRepository: true,
    rewriteRelativeLinks: false,
  })
  console.log(`dist/kode.vsix ${(statSync('dist/kode.vsix').size / 1e6).toFixed(2)} MB`)
}

if (wants('assets') || wants('cli') || wants('extension')) {
  buildAssets()
  await buildSchemas()
}
await Promise.all([
  wants('cli') && buildCli(),
  wants('extension') && (await readdir('extension')).includes('extension.ts') && buildExtension(),
  wants('webview') && existsSync('webview/vite.config.ts') && buildWebview(),
])
if (shouldPackage) await packageVsix()
