import { basename } from 'node:path'
import type { CodeIndex } from '#shared/code-index/code-index'
import type { Settings } from '#shared/config/settings'
import { Blindfold, type BlindfoldMode } from '#shared/context/blindfold/blindfold'
import { keptNames } from '#shared/context/blindfold/kept-names'
import { VocabularyBuilder } from '#shared/context/blindfold/vocabulary'
import type { FileSystem } from '#shared/host/host'
import type { Languages } from '#shared/languages/registry'

const MAX_BYTES = 2_000_000
const CODE = new Set(['typescript', 'javascript', 'python', 'go', 'rust', 'vue', 'svelte'])
const MANIFEST = /(?:^|\/)(?:package\.json|go\.mod|Cargo\.toml|pyproject\.toml)$/

/** What the user or the project's file asks for; undefined: nothing is masked. */
export function blindfoldModeOf({
  blindfold: chosen,
  project,
}: Pick<Settings, 'blindfold' | 'project'>): BlindfoldMode | undefined {
  if (chosen !== undefined) return chosen
  const { engine = {}, blindfold = {} } = project
  if (blindfold.mode !== undefined) return blindfold.mode === 'off' ? undefined : blindfold.mode
  return engine.blindfold_mode || blindfold.enabled ? 'identifiers' : undefined
}

/**
 * Reads the whole project, to know what must not leave.
 *
 * @param ownTexts what kode itself says to a model; its plain words are no secrets
 */
export async function openBlindfold(
  mode: BlindfoldMode,
  ownTexts: readonly string[],
  source: { root: string; files: FileSystem; index: CodeIndex; languages: Languages },
): Promise<Blindfold> {
  const { root, files, index, languages } = source
  const paths = [...index.paths]
  const ids = new Map(paths.map(path => [path, languages.idOf(path) ?? '']))
  const kept = await keptNames(new Set(ids.values()), ownTexts)
  const builder = new VocabularyBuilder(name => kept.has(name))
  for (const path of [basename(root), ...paths]) builder.addPath(path)
  const read = async (chosen: readonly string[], take: (text: string) => void) => {
    const absolute = chosen.map(path => `${root}/${path}`)
    await files.readMany(absolute, MAX_BYTES, (_, bytes) => {
      if (bytes.ok) take(new TextDecoder().decode(bytes.value))
    })
  }
  const manifests = [...paths.filter(path => MANIFEST.test(path)), 'go.mod']
  await read(manifests, text => builder.addManifest(text))
  await read(
    paths.filter(path => CODE.has(ids.get(path) ?? '')),
    text => builder.addCode(text),
  )
  return new Blindfold(builder.build(), mode)
}
