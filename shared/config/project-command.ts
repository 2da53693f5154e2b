import * as v from 'valibot'

/** A command that a project has by a file in its root. */
export interface ProjectCommand {
  file: string
  command: string
  /** What must hold of the file. */
  needs?: { test(text: string): boolean }
  /** Of which file instead. */
  needsIn?: string
}

/** The files of a project, by path in it. */
export interface ProjectTexts {
  has(path: string): Promise<boolean>
  /** Empty where there is no such file. */
  read(path: string): Promise<string>
}

/** The commands whose files are there, in the order of the table. */
export async function commandsOf(table: readonly ProjectCommand[], project: ProjectTexts): Promise<ProjectCommand[]> {
  const found = await Promise.all(table.map(entry => isThere(entry, project)))
  return table.filter((_, at) => found[at])
}

async function isThere({ file, needs, needsIn }: ProjectCommand, project: ProjectTexts): Promise<boolean> {
  if (!(await project.has(file))) return false
  return needs === undefined || needs.test(await project.read(needsIn ?? file))
}

/** How a script of package.json is run, where there is one: with the package manager whose file is there. */
export function scriptCommands(script: string): ProjectCommand[] {
  const condition = { needs: { test: (manifest: string) => hasScript(manifest, script) }, needsIn: 'package.json' }
  return MANAGERS.map(([file, manager]) => ({ file, command: `${manager} run ${script}`, ...condition }))
}

const MANAGERS = [
  ['pnpm-lock.yaml', 'pnpm'],
  ['yarn.lock', 'yarn'],
  ['bun.lock', 'bun'],
  ['bun.lockb', 'bun'],
  ['package.json', 'npm'],
] as const

const manifestSchema = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({ scripts: v.optional(v.record(v.string(), v.unknown())) }),
)

function hasScript(manifest: string, script: string): boolean {
  const read = v.safeParse(manifestSchema, manifest)
  return read.success && read.output.scripts?.[script] !== undefined
}
