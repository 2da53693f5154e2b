import * as v from 'valibot'

/** What `cargo metadata --no-deps` says; paths are relative to the project. */
export interface CargoWorkspace {
  /** Where the manifest of the workspace is. */
  folder: string
  packages: readonly CargoPackage[]
}

export interface CargoPackage {
  name: string
  folder: string
  /** Folders of those in the project that it needs. */
  needs: readonly string[]
}

const Metadata = v.object({
  workspace_root: v.string(),
  packages: v.array(
    v.object({
      name: v.string(),
      manifest_path: v.string(),
      dependencies: v.array(v.object({ path: v.optional(v.nullable(v.string())) })),
    }),
  ),
})

/** @param project where the project is for cargo, absolute */
export function readWorkspace(answer: string, project: string): CargoWorkspace | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Metadata), answer)
  if (!parsed.success) return undefined
  const { workspace_root, packages } = parsed.output
  const inProject = (path: string) => path.slice(project.length + 1)
  return {
    folder: inProject(workspace_root),
    packages: packages.map(({ name, manifest_path, dependencies }) => ({
      name,
      folder: inProject(manifest_path.replace(/\/?Cargo\.toml$/, '')),
      needs: dependencies.flatMap(({ path }) => (path?.startsWith(project) ? [inProject(path)] : [])),
    })),
  }
}

/** The package a file is part of: the one whose folder is nearest. */
export function packageOf(path: string, { packages }: CargoWorkspace): CargoPackage | undefined {
  return packages
    .filter(({ folder }) => folder === '' || path.startsWith(`${folder}/`))
    .toSorted((a, b) => b.folder.length - a.folder.length)[0]
}

/** Some packages and all that need them, directly or not. */
export function withUsers(some: ReadonlySet<CargoPackage>, { packages }: CargoWorkspace): Set<CargoPackage> {
  const found = new Set(some)
  // A set hands out what is added while it is walked through.
  for (const each of found) for (const other of packages) if (other.needs.includes(each.folder)) found.add(other)
  return found
}
