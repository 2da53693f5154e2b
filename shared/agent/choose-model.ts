import { basename, dirname, join } from 'node:path'
import { fail, ok, type Result } from '#shared/base/result'
import type { Settings } from '#shared/config/settings'
import type { FileSystem } from '#shared/host/host'
import type { Provider } from '#shared/providers/provider'
import type { OpenModel } from './open-model'

/** Beside the settings: what a surface or the environment brings along. */
export interface ModelSource {
  files: FileSystem
  env: Readonly<Record<string, string | undefined>>
  /** Used instead of the one the settings name. */
  provider?: Provider
  /** The run's model traffic: written to a file, or played from one instead of asking anybody. Absolute paths. */
  traffic?: { record: string } | { replay: string }
}

/** The model of a run, ready for its first request. An error is one line for people. */
export async function chooseModel(settings: Settings, source: ModelSource): Promise<Result<OpenModel, string>> {
  const { provider: given, traffic } = source
  if (given) return ok({ provider: given, model: settings.model ?? given.name, providerName: given.name })
  if (traffic && 'replay' in traffic) return replayModel(traffic.replay, source)
  const { openModel } = await import('./open-model')
  const opened = openModel(settings, source.env)
  if (!opened.ok) return opened
  await opened.value.provider.prepare?.()
  return traffic ? recordModel(opened.value, traffic.record, source) : opened
}

/** Answers from a recording; contacts nobody. */
async function replayModel(path: string, { files }: ModelSource): Promise<Result<OpenModel, string>> {
  const bytes = await files.read(path)
  if (!bytes.ok) return fail(`--replay ${path}: ${bytes.error.message}`)
  const { ReplayProvider } = await import('#shared/providers/recording')
  const provider = ReplayProvider.from(new TextDecoder().decode(bytes.value))
  if (!provider.ok) return fail(`--replay ${path}: ${provider.error.message}`)
  return ok({ provider: provider.value, model: provider.value.model, providerName: provider.value.name })
}

/** Writes every reply down, secrets redacted. */
async function recordModel(
  opened: OpenModel,
  path: string,
  { files, env }: ModelSource,
): Promise<Result<OpenModel, string>> {
  const made = await files.makeFolder(dirname(path))
  const folder = made.ok ? await files.realpath(dirname(path)) : made
  if (!folder.ok) return fail(`--record ${path}: ${folder.error.message}`)
  // A command may put a link in its place, to a file that some program runs.
  const own = files.confinedTo(folder.value)
  const place = join(folder.value, basename(path))
  const started = await own.replace(place, new Uint8Array())
  if (!started.ok) return fail(`--record ${path}: ${started.error.message}`)
  const [{ RecordingProvider }, { redactSecrets }] = await Promise.all([
    import('#shared/providers/recording'),
    import('#shared/sandbox/redact-secrets'),
  ])
  const write = async (line: string) => {
    await own.append(place, new TextEncoder().encode(`${line}\n`))
  }
  return ok({ ...opened, provider: new RecordingProvider(opened.provider, write, text => redactSecrets(text, env)) })
}
