import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test, vi } from 'vitest'
import { GREET, PAGE, PageProject, SERVE } from '../../support/page-project'

// Each look starts a server and a browser.
vi.setConfig({ testTimeout: 180_000 })

const THROWS = `${PAGE['src/app.js']}\nout.missing.call()\n`
const THROWN = "TypeError: Cannot read properties of undefined (reading 'call')"
const served = { serverCommand: SERVE }

describe('a page that works before', () => {
  test('passes while it works with the change, and leaves its evidence', async () => {
    const tall = { ...PAGE, 'index.html': `${PAGE['index.html']}<div style="height: 3000px"></div>` }
    const project = new PageProject(tall)
    const result = await project.judge(
      { 'src/words.js': "export const words = { hello: 'Hallo' }\n" },
      { ...served, instructions: ['fill: #name | Ann; fill: #size | L; click: #go; verifytext: Hallo Ann'] },
    )
    expect(result).toMatchObject({ status: 'PASS', findings: [] })
    expect(result.details).toContain(`${SERVE}: http://localhost:`)
    const artifacts = join(project.root, '.kode/artifacts')
    const picture = readFileSync(join(artifacts, 'screenshot.png'))
    expect(picture.subarray(1, 4).toString()).toBe('PNG')
    expect(picture.readUInt32BE(20)).toBeGreaterThan(3_000)
    expect(readFileSync(join(artifacts, 'walkthrough.md'), 'utf8')).toContain(
      '- **PASS** `verifytext: Hallo Ann` `shown`',
    )
    expect(readFileSync(join(artifacts, '.gitignore'), 'utf8')).toBe('*\n')
    expect(project.progress.map(({ status, step }) => `${status} ${step}`)).toEqual([
      ...['START server', 'PASS server', 'RUNNING open', 'PASS open'],
      ...['fill: #name | Ann', 'fill: #size | L', 'click: #go', 'verifytext: Hallo Ann'].flatMap(step => [
        `RUNNING ${step}`,
        `PASS ${step}`,
      ]),
    ])
  })

  test('fails when it throws or rejects, and says where', async () => {
    const change = {
      'src/app.js': THROWS,
      'src/words.js': `${PAGE['src/words.js']}Promise.reject(new Error('lost'))\n`,
    }
    const result = await new PageProject(PAGE).judge(change, served)
    const common = { id: 'browser/page-error', severity: 'error' }
    expect(result.status).toBe('FAIL')
    expect(result.findings).toHaveLength(2)
    expect(result.findings).toContainEqual(
      expect.objectContaining({ ...common, file: 'src/app.js', line: 8, message: THROWN }),
    )
    expect(result.findings).toContainEqual(
      expect.objectContaining({ ...common, file: 'src/words.js', line: 2, message: 'Error: lost' }),
    )
  })

  test.each<[string, Record<string, string | null>, object]>([
    [
      'loads what is not there',
      { 'src/app.js': `import './gone.js'\n${PAGE['src/app.js']}` },
      { id: 'browser/failed-request', message: '/src/gone.js answers 404' },
    ],
    [
      'is no more',
      { 'index.html': null },
      { id: 'browser/failed-request', file: 'index.html', message: '/ answers 404' },
    ],
    [
      'has no server any more',
      { 'server.mjs': "console.log('no settings')\nprocess.exit(1)\n" },
      {
        id: 'browser/server-failed',
        message: `the server does not come up (${SERVE}): it ended; its last words: no settings`,
      },
    ],
  ])('fails when it %s', async (_, change, finding) => {
    const result = await new PageProject(PAGE).judge(change, served)
    expect(result).toMatchObject({ status: 'FAIL' })
    expect(result.findings).toEqual([expect.objectContaining(finding)])
  })

  test('fails in a step when something lies over what is clicked', async () => {
    const covered = { 'index.html': `${PAGE['index.html']}<aside style="position:fixed;inset:0"></aside>` }
    const result = await new PageProject(PAGE).judge(covered, { ...served, instructions: [GREET] })
    const finding = { id: 'browser/step-failed', message: 'click: #go: covered by <aside>' }
    expect(result).toMatchObject({ status: 'FAIL', findings: [finding] })
  })
})

describe('what is wrong without the change too', () => {
  const harmless = { 'src/words.js': "export const words = { hello: 'Hello', bye: 'Bye' }\n" }

  test('only warns: an error of the page', async () => {
    const result = await new PageProject({ ...PAGE, 'src/app.js': THROWS }).judge(harmless, served)
    expect(result).toMatchObject({ status: 'WARN', findings: [{ id: 'browser/page-error', severity: 'warning' }] })
  })

  test('only warns: an error that is thrown more often by chance', async () => {
    const throwing = (times: number) => ({
      'src/words.js': `${PAGE['src/words.js']}for (let count = 0; count < ${times}; count++) Promise.reject(new Error('late'))\n`,
    })
    const result = await new PageProject({ ...PAGE, ...throwing(1) }).judge(throwing(3), served)
    expect(result).toMatchObject({ status: 'WARN', findings: [{ message: 'Error: late' }] })
  })

  test('does not cover what is new', async () => {
    const result = await new PageProject({ ...PAGE, 'src/app.js': THROWS }).judge(
      { 'src/app.js': `setTimeout(() => { throw new Error('new') })\n${THROWS}` },
      served,
    )
    expect(result).toMatchObject({ status: 'FAIL', findings: [{ message: 'Error: new' }] })
  })

  const failing = { ...served, instructions: ["javascript: throw new Error('too few') //\u001b"] }

  test('only warns: a step of the project', async () => {
    expect(await new PageProject(PAGE).judge(harmless, failing)).toMatchObject({ status: 'WARN' })
  })

  test('fails where the step is what was asked for', async () => {
    const demanded = { ...failing, serverCommand: 'PORT={port} node server.mjs', areStepsDemanded: true }
    expect(await new PageProject(PAGE).judge(harmless, demanded)).toMatchObject({
      status: 'FAIL',
      findings: [{ message: `${failing.instructions}: Error: too few`.replace('\u001b', '') }],
    })
  })

  test('skips where the server comes up neither way', async () => {
    const result = await new PageProject(PAGE).judge(harmless, { serverCommand: 'echo broken; exit 3 # \u001b[2J' })
    expect(result).toMatchObject({ status: 'SKIP', message: expect.stringContaining('its last words: broken') })
    expect(result.message).not.toContain('\u001b')
  })
})

describe('evidence', () => {
  test.each(['.kode', '.kode/artifacts'])('goes nowhere but into the project, also where %s is a link', async place => {
    const project = new PageProject(PAGE)
    const elsewhere = join(project.root, '../elsewhere')
    mkdirSync(elsewhere)
    mkdirSync(dirname(join(project.root, place)), { recursive: true })
    symlinkSync(elsewhere, join(project.root, place))
    await project.judge({}, { serverCommand: 'exit 3' })
    expect(readdirSync(elsewhere)).toEqual([])
  })

  test('takes the place of a link', async () => {
    const project = new PageProject(PAGE)
    const elsewhere = join(project.root, '../elsewhere.md')
    const walkthrough = join(project.root, '.kode/artifacts/walkthrough.md')
    writeFileSync(elsewhere, 'mine')
    mkdirSync(dirname(walkthrough), { recursive: true })
    symlinkSync(elsewhere, walkthrough)
    await project.judge({}, { serverCommand: 'exit 3' })
    expect(readFileSync(elsewhere, 'utf8')).toBe('mine')
    expect(readFileSync(walkthrough, 'utf8')).toMatch(/^# Walkthrough/)
  })
})

describe('steps', () => {
  test('names are clicked or looked for, and code has the page at hand', async () => {
    const instructions = [
      'fill: #name | Bo; Greet; verifytext: Hello Bo; Hello',
      "javascript: await page.fill('#name', 'Cy'); await page.click('#go'); return (await page.textContent('#out')) === 'Hello Cy'",
    ]
    const wish = { ...served, instructions, areStepsDemanded: true }
    expect(await new PageProject(PAGE).judge({}, wish)).toMatchObject({ status: 'PASS' })
  })
})

describe('servers', () => {
  test('one that takes a port of its own choice is found', async () => {
    const own = { ...PAGE, 'server.mjs': PAGE['server.mjs'].replace('process.env.PORT', '4321') }
    const result = await new PageProject(own).judge({}, { ...served, instructions: [GREET], areStepsDemanded: true })
    expect(result).toMatchObject({ status: 'PASS', details: expect.stringContaining('http://localhost:4321/') })
  })

  test('the script dev of a manifest serves', async () => {
    const manifest = { ...PAGE, 'package.json': '{ "scripts": { "dev": "node server.mjs" } }' }
    expect(await new PageProject(manifest).judge({})).toMatchObject({
      status: 'PASS',
      details: expect.stringContaining('npm run dev'),
    })
  })

  test('vite serves with the packages of the project, at each look, and an error is where it was written', async () => {
    const texts = {
      'package.json': '{ "type": "module", "scripts": { "dev": "vite" } }',
      'index.html': '<h1>Hi</h1><script type="module" src="/src/main.ts"></script>',
      'src/main.ts': `import { parse, string } from 'valibot'

interface Shop {
  name: string
}

const shop: Shop = { name: parse(string(), 'Shop') }
document.title = shop.name
`,
    }
    const project = new PageProject(texts)
    project.install('vite', 'valibot')
    const good = await project.judge({}, { instructions: ["javascript: return document.title === 'Shop'"] })
    expect(good).toMatchObject({ status: 'PASS', details: expect.stringContaining('npm run dev') })
    const bad = texts['src/main.ts'].replace(
      'document.title',
      '\nif (shop.name) throw new Error("closed")\ndocument.title',
    )
    expect(await project.judge({ 'src/main.ts': bad })).toMatchObject({
      status: 'FAIL',
      findings: [{ message: 'Error: closed', file: 'src/main.ts', line: 9 }],
    })
  })
})

describe('what cannot be looked at', () => {
  test.each([
    ['without a server', {}, {}, /^nothing serves a page here: set engine\.dev_server_command/],
    ['without a browser', served, { browser: undefined }, /^no browser was found: install Chromium/],
    [
      'with a browser that does not start',
      served,
      { browser: '/bin/false' },
      /^the browser did not work: the browser ended/,
    ],
    ['without a sandbox', served, { useSandbox: false }, /no sandbox works here/],
    ['with steps that nobody understands', { ...served, instructions: ['click:'] }, {}, /^"click:" is no step/],
  ])('%s it is skipped, and says so', async (_, wish, tools, reason) => {
    const project = new PageProject(PAGE)
    expect(await project.judge({ 'src/app.js': THROWS }, wish, tools)).toMatchObject({
      status: 'SKIP',
      message: expect.stringMatching(reason),
    })
    expect(existsSync(join(project.root, '.kode'))).toBe(false)
  })
})
