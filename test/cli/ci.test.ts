import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { CLI, runCli } from '../support/run-cli'
import { gitInit, tempProject } from '../support/temp-project'

const FILES = { 'a.js': 'export const a = 1\n' }

describe.each([
  ['a sound change', 'export const a = 2\n', 0],
  ['a change that does not parse', 'export const a = (\n', 1],
])('what kode ci init writes judges %s', (_, text, code) => {
  test('the GitHub workflow leaves SARIF and the exit code of the gates', async () => {
    const { root, workflow } = await initialised('github', '.github/workflows/kode.yml')
    const step = workflow.jobs.verify.steps.find((each: { name?: string }) => each.name === 'verify')
    writeFileSync(join(root, 'a.js'), text)
    expect(shell(step.run, root, { BASE: 'HEAD', RUNNER_TEMP: join(root, '..') }).status).toBe(code)
    const sarif = JSON.parse(readFileSync(join(root, '../kode.sarif'), 'utf8'))
    expect(sarif.version).toBe('2.1.0')
    expect(sarif.runs[0].results.length > 0).toBe(code === 1)
  })

  test('the GitLab job leaves a test report and the exit code of the gates', async () => {
    const { root, workflow } = await initialised('gitlab', '.gitlab-ci.yml')
    writeFileSync(join(root, 'a.js'), text)
    const env = { CI_MERGE_REQUEST_DIFF_BASE_SHA: 'HEAD' }
    expect(shell(workflow.kode.script.join('\n'), root, env).status).toBe(code)
    expect(readFileSync(join(root, 'kode.xml'), 'utf8')).toContain('<testsuite')
  })
})

test('what is there stays, and a GitLab file is told how to include the job', async () => {
  const root = tempProject({ ...FILES, '.gitlab-ci.yml': 'mine: {}\n' })
  const first = await runCli(['ci', 'init', '--system', 'all'], { cwd: root })
  expect(first.stdout).toContain('include: { local: .gitlab/kode.yml }')
  expect(readFileSync(join(root, '.gitlab-ci.yml'), 'utf8')).toBe('mine: {}\n')
  writeFileSync(join(root, '.github/workflows/kode.yml'), 'mine\n')
  const second = await runCli(['ci', 'init', '--system', 'all'], { cwd: root })
  expect(second.stdout).toContain('kode.yml is there already')
  expect(readFileSync(join(root, '.github/workflows/kode.yml'), 'utf8')).toBe('mine\n')
})

test.each([
  'action.yml',
  'examples/fan-out/github-matrix.yml',
  'examples/fan-out/gitlab-parallel.yml',
  'examples/fan-out/kubernetes-jobs.yaml',
])('%s is valid YAML whose scripts a shell can read', path => {
  const scripts: string[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, each] of Object.entries(value)) {
      if (key === 'run' && typeof each === 'string') scripts.push(each)
      else if ((key === 'script' || key === 'args') && Array.isArray(each)) scripts.push(each.join('\n'))
      else visit(each)
    }
  }
  for (const document of parseAllDocuments(readFileSync(path, 'utf8'))) visit(document.toJS())
  expect(scripts.length).toBeGreaterThan(0)
  for (const script of scripts) {
    execFileSync('bash', ['-n'], { input: script.replace(/\$\{\{.*?\}\}/g, 'x') })
  }
})

async function initialised(system: string, path: string) {
  const root = tempProject(FILES)
  gitInit(root)
  const end = await runCli(['ci', 'init', '--system', system], { cwd: root })
  expect(end.code, end.stderr).toBe(0)
  const workflow = parse(readFileSync(join(root, path), 'utf8'))
  execFileSync('git', ['add', '-A'], { cwd: root })
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@localhost', 'commit', '-qm', 'ci'], { cwd: root })
  return { root, workflow }
}

function shell(script: string, root: string, env: Record<string, string>) {
  const bin = join(root, '..', 'bin')
  mkdirSync(bin, { recursive: true })
  writeFileSync(join(bin, 'kode'), `#!/bin/sh\nexec "${process.execPath}" "${CLI}" "$@"\n`)
  chmodSync(join(bin, 'kode'), 0o755)
  return spawnSync('bash', ['-e', '-c', script], {
    cwd: root,
    env: { PATH: `${bin}:${process.env.PATH ?? ''}`, HOME: join(root, '..'), ...env },
    encoding: 'utf8',
  })
}
