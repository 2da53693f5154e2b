import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { rolldown } from 'rolldown'

/** What is loaded before the agent's first request, beside what these import. */
const AGENT = [
  'cli/agent-run.ts',
  'shared/agent/open-model.ts',
  'node_modules/openai/client.mjs',
  'shared/sandbox/open.ts',
  'shared/sandbox/confined-sandbox.ts',
  'shared/sandbox/bubblewrap.ts',
  'shared/store/sessions.ts',
]

/** What is loaded before any of them is known to be meant. */
const FIRST = ['cli/main.ts', 'cli/command-door.ts']

/** What answers `kode --version`; it must not wait for the rest. */
const VERSION = ['cli/version-line.ts']

/** What is loaded before the verdict of `kode verify`. */
const VERIFY = [
  'shared/commands/verify.ts',
  'shared/agent/outside-judges.ts',
  'shared/gates/run-gates.ts',
  'shared/languages/typescript.ts',
]

const PLAN = ['shared/commands/plan.ts']

/**
 * Joins the chunks of a build that the agent, `kode verify` and `kode plan` need at their start, into a file each and one for what
 * they share; some eighty cost the agent a sixth of the time to its first request. Takes the place of the build in `folder`, minified.
 *
 * @param outputs of esbuild's metafile
 */
export async function joinStartChunks(folder, outputs) {
  const [agent, verify, plan, version] = [AGENT, VERIFY, PLAN, VERSION].map(modules => loadedWith(modules, outputs))
  const always = agent.intersection(verify.union(plan)).union(loadedWith(FIRST, outputs))
  const entries = Object.keys(outputs).filter(file => dirname(file) === folder)
  const input = Object.fromEntries(entries.map(file => [file.slice(folder.length + 1, -'.mjs'.length), `./${file}`]))
  // Entries stay by themselves: they await what they load, and it would wait for them.
  const among = files => id => [...files].some(file => dirname(file) !== folder && id.endsWith(`/${file}`))
  const joined = `${folder}.joined`
  const build = await rolldown({
    input,
    platform: 'node',
    treeshake: false,
    preserveEntrySignatures: 'allow-extension',
    checks: { eval: false },
  })
  await build.write({
    dir: joined,
    format: 'esm',
    minify: true,
    comments: { legal: false },
    entryFileNames: '[name].mjs',
    chunkFileNames: 'chunks/[name]-[hash].mjs',
    codeSplitting: {
      includeDependenciesRecursively: false,
      groups: [
        { name: 'version', test: among(version), priority: 3 },
        { name: 'start', test: among(always), priority: 2 },
        { name: 'agent', test: among(agent), priority: 1 },
        { name: 'verify', test: among(verify), priority: 1 },
        { name: 'plan', test: among(plan), priority: 0 },
      ],
    },
  })
  await build.close()
  await rm(folder, { recursive: true })
  await rename(joined, folder)
}

/** The files of these modules, which all have one of their own, with all that is loaded together with them. */
function loadedWith(modules, outputs) {
  const files = Object.entries(outputs).flatMap(([file, { entryPoint }]) =>
    modules.some(path => entryPoint?.endsWith(path)) ? [file] : [],
  )
  if (files.length < modules.length) throw new Error(`not all of ${modules.join(', ')} have files of their own`)
  const all = new Set(files)
  for (const file of all) {
    for (const { path, kind } of outputs[file].imports) if (kind === 'import-statement' && outputs[path]) all.add(path)
  }
  return all
}
