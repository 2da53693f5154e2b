import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { GREET, PAGE, SERVE } from '../support/page-project'
import { commandOf, descendantsOf, processesWith } from '../support/processes'
import { runCli } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { tempProject, treeHash } from '../support/temp-project'

// Each look starts a server and a browser.
vi.setConfig({ testTimeout: 180_000 })

const WORDS = { file_path: 'src/words.js', anchor_text: "'Hello'" }
const GOOD = patch("'Hello' + ''")
/** It throws, and greets as before. */
const BAD = patch("(queueMicrotask(() => missing.hello()), 'Hello')")
const SETTINGS = JSON.stringify({
  engine: { browser_verification: true, dev_server_command: SERVE, browser_steps: [GREET] },
})

test('kode verify opens the page where the project asks for it, tells each step, and changes no file of the project', async () => {
  const root = tempProject({ ...PAGE, '.kode/kode.json': SETTINGS })
  const good = await verify(root, GOOD)
  expect(good.gate, good.stderr).toMatchObject({ status: 'PASS' })
  expect(good.stderr).toContain(`KODE_BROWSER: [START] server - ${SERVE}\n`)
  expect(good.stderr).toContain('KODE_BROWSER: [PASS] click: #go - clicked\n')
  const bad = await verify(root, BAD)
  expect(bad.gate).toMatchObject({
    status: 'FAIL',
    findings: [
      { id: 'browser/page-error', file: 'src/words.js', line: 1, message: 'ReferenceError: missing is not defined' },
    ],
  })
  expect(bad.stderr).toContain('KODE_BROWSER: [ERROR] page - ReferenceError: missing is not defined\n')
  expect([good.code, bad.code]).toEqual([0, 1])
  expect(readdirSync(join(root, '.kode/artifacts')).sort()).toEqual(['.gitignore', 'screenshot.png', 'walkthrough.md'])
  expect(readFileSync(join(root, 'src/words.js'), 'utf8')).toBe(PAGE['src/words.js'])
})

test('without being asked for it no page is opened, and flags ask for it', async () => {
  const root = tempProject(PAGE)
  const before = treeHash(root)
  expect((await verify(root, BAD)).gate).toBeUndefined()
  expect(treeHash(root)).toBe(before)
  const asked = await verify(root, GOOD, '--dev-server', SERVE, '--browser-steps', 'verifytext: Goodbye')
  expect(asked.gate).toMatchObject({ status: 'FAIL', findings: [{ id: 'browser/step-failed' }] })
  const wrong = await runCli(['verify', '--input', '-', '--browser-steps', 'click:'], { cwd: root, input: GOOD })
  expect(wrong.code).toBe(2)
  expect(wrong.stderr).toContain('--browser-steps: "click:" is no step; write click: SELECTOR')
})

test('who asks for it gets it, whatever gates the project names, or hears that it could not be had', async () => {
  const onlySyntax = { '.kode/kode.json': '{ "verify": { "gates": ["syntax"] } }' }
  const root = tempProject({ ...PAGE, ...onlySyntax })
  const bad = await verify(root, BAD, '--browser', '--dev-server', SERVE)
  expect(bad).toMatchObject({ code: 1, gate: { status: 'FAIL', findings: [{ id: 'browser/page-error' }] } })
  const unserved = await verify(root, GOOD, '--browser')
  expect(unserved).toMatchObject({
    code: 1,
    gate: { status: 'FAIL', message: expect.stringContaining('nothing serves a page here') },
  })
})

test('what a project has in its words for a step or a server reaches no terminal as it is', async () => {
  const engine = { browser_verification: true, dev_server_command: ': \u001b[2Jgone' }
  const root = tempProject({ ...PAGE, '.kode/kode.json': JSON.stringify({ engine }) })
  const end = await runCli(['verify', '--input', '-'], { cwd: root, input: GOOD })
  expect(end.stderr).toContain('KODE_BROWSER: [START] server - : gone')
  expect(end.stderr).not.toContain('\u001b')
})

test('who asks for it where no browser is hears so at once', async () => {
  const root = tempProject(PAGE)
  const env = { KODE_BROWSER_PATH: join(root, 'chromium') }
  const end = await runCli(['verify', '--input', '-', '--browser'], { cwd: root, input: GOOD, env })
  expect(end).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('no browser was found: install') })
})

test('kode run lands nothing whose page throws, and the model hears what was thrown', async () => {
  const model = await startScriptedProvider([{ text: BAD }, { text: GOOD }])
  onTestFinished(() => model.close())
  const root = tempProject(PAGE)
  const env = { KODE_LLM_ENDPOINT: model.url, KODE_LLM_API_KEY: 'k', KODE_LLM_MODEL: 'scripted' }
  const flags = ['--dev-server', SERVE, '--browser-steps', GREET]
  const end = await runCli(['run', ...flags, 'greet'], { cwd: root, env })
  expect(end.code, end.stderr).toBe(0)
  const summary = JSON.parse(end.stdout)
  expect(summary).toMatchObject({
    status: 'PASS',
    rounds_used: 2,
    repaired: { h: expect.stringMatching(/^browser: /) },
  })
  expect(JSON.stringify(model.requests[1]?.body.messages.at(-1))).toContain('ReferenceError: missing is not defined')
  expect(readFileSync(join(root, 'src/words.js'), 'utf8')).toContain("'Hello' + ''")
})

/** Leaves processes of their own sessions behind, as careless servers do. @param mark digits */
const CARELESS = (mark: string) => `import { spawn } from 'node:child_process'
spawn('sh', ['-c', 'exec sleep 3333.${mark}'], { detached: true, stdio: 'ignore' }).unref()
spawn('setsid', ['sh', '-c', '(sleep 4444.${mark} &)'], { stdio: 'ignore' })
${PAGE['server.mjs']}`

test('nothing that a server started outlives the gate', async () => {
  const mark = `${process.pid}1`
  const root = tempProject({ ...PAGE, 'server.mjs': CARELESS(mark) })
  let mostAtOnce = 0
  const watch = setInterval(() => {
    mostAtOnce = Math.max(mostAtOnce, processesWith(`.${mark}`).length)
  }, 50)
  const end = await verify(root, GOOD, '--browser', '--dev-server', SERVE)
  clearInterval(watch)
  expect(end.gate).toMatchObject({ status: 'PASS' })
  expect(mostAtOnce).toBeGreaterThanOrEqual(2)
  expect(processesWith(`.${mark}`)).toEqual([])
})

test.each([
  ['killed', 'SIGKILL', null, 2],
  ['interrupted', 'SIGINT', 130, 3],
] as const)('nothing outlives kode when it is %s in the middle', async (_, signal, code, digit) => {
  const mark = `${process.pid}${digit}`
  const root = tempProject({ ...PAGE, 'server.mjs': CARELESS(mark) })
  let family: number[] = []
  const flags = ['--dev-server', SERVE, '--browser-steps', 'wait: 20000']
  const end = await runCli(['verify', '--input', '-', ...flags], {
    cwd: root,
    input: GOOD,
    onStderr(text, kill) {
      if (family.length > 0 || !text.includes('[RUNNING] wait: 20000')) return
      family = descendantsOf(process.pid)
      kill(signal)
    },
  })
  expect(end.code).toBe(code)
  expect(family.length).toBeGreaterThan(4)
  await expect.poll(() => family.map(commandOf).filter(command => command !== ''), { timeout: 10_000 }).toEqual([])
  expect(processesWith(`.${mark}`)).toEqual([])
})

async function verify(root: string, input: string, ...flags: string[]) {
  const end = await runCli(['verify', '--input', '-', ...flags], { cwd: root, input })
  const { results } = JSON.parse(end.stdout)
  return { ...end, gate: results.find((each: { check_name: string }) => each.check_name === 'browser') }
}

function patch(text: string): string {
  return JSON.stringify([{ id: 'h', action: 'MODIFY', ...WORDS, new_text: text }])
}
