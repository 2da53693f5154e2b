import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli } from '../support/run-cli'
import { tempProject } from '../support/temp-project'

let browser: Browser
beforeAll(async () => {
  const executablePath = process.env.CHROMIUM_PATH ?? execFileSync('which', ['chromium'], { encoding: 'utf8' }).trim()
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
})
afterAll(() => browser.close())

test('kode stats --html: the trend, the failing gates and the files, in one page that loads nothing', async () => {
  const root = tempProject()
  mkdirSync(join(root, 'logs'))
  const day = new Date().toISOString()
  const entry = (status: string, more: object) =>
    JSON.stringify({
      timestamp: day,
      task_id: 't',
      status,
      rounds_used: 1,
      duration_ms: 8,
      command: 'run',
      version: '1',
      ...more,
    })
  const lines = [
    entry('PASS', { model: 'm<b>' }),
    entry('PASS', {}),
    entry('FAIL', { files: ['src/<script>alert(1)</script>.ts'], failures: { 'hunk-1': 'imports: no' } }),
  ]
  writeFileSync(join(root, 'logs/kode.log'), lines.join('\n'))
  const { page, requests } = await open((await runCli(['stats', '--html'], { cwd: root })).stdout, root)
  expect(await page.locator('.tile').allInnerTexts()).toEqual(expect.arrayContaining(['3\nverdicts', '66.7 %\npassed']))
  expect(await page.locator('.trend > div').count()).toBe(14)
  const today = page.locator('.trend > div').last()
  const heights = await today.locator('i').evaluateAll(bars => bars.map(bar => bar.getBoundingClientRect().height))
  expect(heights[1]).toBeCloseTo(2 * heights[0]!, 0)
  expect(await page.getByText('imports').isVisible()).toBe(true)
  expect(await page.getByText('src/<script>alert(1)</script>.ts').isVisible()).toBe(true)
  expect(requests).toEqual([])
})

test('kode plan --graph --html: choosing a declaration shows what depends on it', async () => {
  const root = tempProject({
    'src/total.ts':
      'export function total(prices: number[]): number {\n  return prices.length\n}\n\nexport function unused(): void {}\n',
    'src/invoice.ts': "import { total } from './total'\n\nexport function invoice(): number {\n  return total([])\n}\n",
    'src/letter.ts':
      "import { invoice } from './invoice'\n\nexport function letter(): string {\n  return String(invoice())\n}\n",
  })
  const end = await runCli(['plan', '--graph', '--html', 'change', 'src/total.ts'], { cwd: root })
  const { page, requests, errors } = await open(end.stdout, root)
  await page.getByRole('button', { name: 'total', exact: true }).click()
  expect(await page.locator('#summary').innerText()).toBe('total: 2 dependents in 2 files')
  expect(await page.locator('svg g').count()).toBe(3)
  await page.locator('svg g', { hasText: 'letter' }).click()
  expect(await page.locator('#summary').innerText()).toBe('letter: 0 dependents in 0 files')
  await page.getByRole('searchbox').fill('unus')
  expect(await page.locator('#list li:visible').allInnerTexts()).toEqual(['unused'])
  expect(errors).toEqual([])
  expect(requests).toEqual([])
})

async function open(html: string, root: string): Promise<{ page: Page; requests: string[]; errors: string[] }> {
  const path = join(root, 'page.html')
  writeFileSync(path, html)
  const page = await browser.newPage()
  const requests: string[] = []
  const errors: string[] = []
  page.on('request', request => {
    if (!/^(?:file|data):/.test(request.url())) requests.push(request.url())
  })
  page.on('pageerror', error => errors.push(String(error)))
  page.on('console', message => {
    if (message.type() === 'error') errors.push(message.text())
  })
  await page.goto(pathToFileURL(path).href)
  return { page, requests, errors }
}
