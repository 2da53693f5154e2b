import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { runCli } from '../support/run-cli'
import { gitInit, tempProject } from '../support/temp-project'

const ROOT = join(import.meta.dirname, '../..')
const WORKFLOW = '.github/workflows/kode.yml'

interface Step {
  name?: string
  run?: string
  uses?: string
  env?: Record<string, string>
}

let folder: string
let tarball: string

// What CI installs is what npm packs.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kode-pack-'))
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
    encoding: 'utf8',
    stdio: 'pipe',
  })
  tarball = join(folder, JSON.parse(packed)[0].filename)
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('kode ci init', () => {
  test.each<[files: Record<string, string>, flags: string[], written: string[]]>([
    [{}, [], [WORKFLOW]],
    [{ '.gitlab-ci.yml': 'test: { script: [true] }\n' }, [], ['.gitlab/kode.yml']],
    [{ '.gitlab-ci.yml': '{}\n', '.github/x.yml': '' }, [], [WORKFLOW, '.gitlab/kode.yml']],
    [{}, ['--system', 'gitlab'], ['.gitlab-ci.yml']],
    [{}, ['--system', 'all'], [WORKFLOW, '.gitlab-ci.yml']],
  ])('in %j with %j writes %j, once', async (files, flags, written) => {
    const cwd = tempProject(files)
    gitInit(cwd)
    const first = await runCli(['ci', 'init', ...flags], { cwd })
    expect(first).toMatchObject({ code: 0, stderr: '' })
    const added = () => execFileSync('git', ['status', '--porcelain', '-uall'], { cwd, encoding: 'utf8' })
    const after = added()
    expect(after.trim().split('\n')).toEqual(written.map(path => `?? ${path}`))
    expect((await runCli(['ci', 'init', ...flags], { cwd })).stdout).toMatch(/is up to date/)
    expect(added()).toBe(after)
  })

  test('leaves a workflow of its name that somebody wrote as it is', async () => {
    const cwd = tempProject({ [WORKFLOW]: 'mine\n' })
    expect((await runCli(['ci', 'init'], { cwd })).stdout).toContain('stays as it is')
    expect(readFileSync(join(cwd, WORKFLOW), 'utf8')).toBe('mine\n')
  })

  test('merges only where somebody asked for it, and never before the gates', async () => {
    const jobs = async (...flags: string[]) => {
      const cwd = tempProject()
      expect((await runCli(['ci', 'init', ...flags], { cwd })).code).toBe(0)
      return parse(readFileSync(join(cwd, WORKFLOW), 'utf8')).jobs
    }
    expect(Object.keys(await jobs())).toEqual(['verify'])
    expect((await jobs('--merge')).merge).toMatchObject({
      needs: 'verify',
      if: expect.stringContaining("'kode-merge'"),
      steps: [{ run: 'gh pr merge --auto --squash "$PULL_REQUEST"' }],
    })
  })

  test.each(['--system bitbucket', 'setup'])('does not understand %s', async words => {
    const end = await runCli(['ci', ...(words.startsWith('-') ? ['init'] : []), ...words.split(' ')], {
      cwd: tempProject(),
    })
    expect(end.code).toBe(2)
  })
})

describe('what it writes works with the package that npm makes', { timeout: 120_000 }, () => {
  test('the GitHub workflow passes a sound change, and stops a broken one with its place and a report', async () => {
    const cwd = await pullRequest()
    await runCli(['ci', 'init'], { cwd })
    const { steps } = parse(readFileSync(join(cwd, WORKFLOW), 'utf8')).jobs.verify
    const temp = join(cwd, '../runner')
    mkdirSync(temp)
    const values = { 'vars.KODE_PACKAGE': tarball, 'github.base_ref': 'main', 'runner.temp': temp }
    const sound = await runSteps(steps, values, cwd)
    expect(sound.map(step => step.code)).toEqual([0, 0, 0])

    writeFileSync(join(cwd, 'a.js'), "import { none } from './b.js'\nexport const a = none(\n")
    const broken = await runSteps(steps.slice(-3), values, cwd)
    expect(broken.map(step => step.code)).toEqual([1, 1])
    expect(broken[0]?.stdout).toMatch(/^::error file=a\.js,line=\d/m)
    const report = JSON.parse(readFileSync(join(temp, 'kode.sarif'), 'utf8'))
    expect(report.runs[0].results[0]).toMatchObject({ level: 'error' })
  })

  test('the GitLab job does the same with a test report', async () => {
    const cwd = await pullRequest()
    await runCli(['ci', 'init', '--system', 'gitlab'], { cwd })
    const { before_script, script } = parse(readFileSync(join(cwd, '.gitlab-ci.yml'), 'utf8')).kode
    const env = { KODE_PACKAGE: tarball, CI_MERGE_REQUEST_DIFF_BASE_SHA: 'origin/main' }
    const steps = [...before_script, ...script].map(run => ({ run, env }))
    expect((await runSteps(steps, {}, cwd)).map(step => step.code)).toEqual([0, 0])
    writeFileSync(join(cwd, 'a.js'), 'export const a = (\n')
    expect((await runSteps(steps.slice(1), {}, cwd))[0]?.code).toBe(1)
    expect(readFileSync(join(cwd, 'kode.xml'), 'utf8')).toMatch(/<failure[^>]*>/)
  })
})

/** A clone with a change beside the branch that it goes to. */
async function pullRequest(): Promise<string> {
  const origin = tempProject({ 'a.js': 'export const a = 1\n', 'b.js': 'export const b = 2\n' })
  gitInit(origin)
  const cwd = join(origin, '../clone')
  execFileSync('git', ['clone', '--quiet', origin, cwd], { stdio: 'pipe' })
  writeFileSync(join(cwd, 'a.js'), "import { b } from './b.js'\nexport const a = b + 1\n")
  return cwd
}

/** Runs what a runner would run of the steps, as it would. */
async function runSteps(steps: readonly Step[], values: Record<string, string>, cwd: string) {
  const filled = (text: string) =>
    text.replace(/\$\{\{ (.*?) \}\}/g, (_, name: string) => {
      const value = values[name]
      if (value === undefined) throw new Error(`no value for ${name}`)
      return value
    })
  const prefix = join(folder, 'global')
  const base = {
    PATH: [join(prefix, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: join(cwd, '../home'),
    RUNNER_TEMP: values['runner.temp'] ?? '',
    ...{ npm_config_prefix: prefix, npm_config_offline: 'true' },
  }
  const ends: { code: unknown; stdout: string; stderr: string }[] = []
  for (const { run, env = {} } of steps) {
    if (run === undefined) continue
    const own = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, filled(value)]))
    ends.push(
      await new Promise(resolve => {
        execFile('bash', ['-e', '-c', filled(run)], { cwd, env: { ...base, ...own } }, (error, stdout, stderr) =>
          resolve({ code: error?.code ?? 0, stdout, stderr }),
        )
      }),
    )
  }
  return ends
}
