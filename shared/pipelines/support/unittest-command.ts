import { join } from 'node:path'
import type { FileSystem } from '#shared/host/host'

/** Where tools of Python are named, and files that pytest alone reads. */
const MANIFESTS = ['pyproject.toml', 'setup.py', 'setup.cfg', 'tox.ini', 'Pipfile']
const OF_PYTEST = new Set(['pytest.ini', 'conftest.py'])
const REQUIREMENTS = /^[\w-]*requirements[\w-]*\.txt$/
const TEST_FILE = /^test.*\.py$/
const TEST_FOLDERS = ['tests', 'test']
const MAX_BYTES = 1_000_000

const USES_UNITTEST = /^\s*(?:import|from)\s+unittest\b/m
/** Its import, or a test outside of a class, which unittest does not find. */
const USES_PYTEST = /^\s*(?:import|from)\s+pytest\b|^(?:async )?def test_/m

/** How the tests of a Python project run that needs no pytest for them; undefined where that is not plain to see. */
export async function detectUnittest(root: string, files: FileSystem): Promise<string | undefined> {
  const names = await namesIn(root, files)
  for (const folder of ['', ...TEST_FOLDERS]) {
    const inside = folder === '' ? names : await namesIn(join(root, folder), files)
    const tests = await textsOf(inside.filter(isTest), join(root, folder), files)
    if (tests.length === 0) continue
    const manifests = await textsOf(names.filter(isManifest), root, files)
    const needsPytest = [...names, ...inside].some(name => OF_PYTEST.has(name)) || manifests.some(says(/pytest/))
    if (needsPytest || tests.some(says(USES_PYTEST)) || !tests.some(says(USES_UNITTEST))) return undefined
    if (folder === '') return 'python3 -m unittest'
    // A package may import what is beside itself only when it is found from above.
    const above = inside.includes('__init__.py') ? ' -t .' : ''
    return `python3 -m unittest discover -s ${folder}${above}`
  }
  return undefined
}

async function namesIn(folder: string, files: FileSystem): Promise<string[]> {
  const listed = await files.list(folder)
  return listed.ok ? listed.value.filter(entry => entry.type === 'file').map(entry => entry.name) : []
}

async function textsOf(names: readonly string[], folder: string, files: FileSystem): Promise<string[]> {
  const read = await Promise.all(names.map(name => files.read(join(folder, name), MAX_BYTES)))
  return read.flatMap(bytes => (bytes.ok ? [new TextDecoder().decode(bytes.value)] : []))
}

const isTest = (name: string) => TEST_FILE.test(name)
const isManifest = (name: string) => MANIFESTS.includes(name) || REQUIREMENTS.test(name)
const says = (pattern: RegExp) => (text: string) => pattern.test(text)
