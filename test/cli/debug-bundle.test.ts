import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { strFromU8, unzipSync } from 'fflate'
import { describe, expect, onTestFinished, test } from 'vitest'
import { logFile, recordCrash } from '#shared/host/node/log-file'
import { runCli } from '../support/run-cli'
import { startScriptedProvider } from '../support/scripted-provider'
import { tempProject } from '../support/temp-project'

const SECRET = 'correct-horse-battery-staple'

describe('kode debug-bundle', () => {
  test('packs the last session and the logs, without secrets', async () => {
    const model = await startScriptedProvider([{ text: `The token is ${SECRET}.` }])
    onTestFinished(() => model.close())
    const root = tempProject()
    const config = join(root, '..', 'config')
    mkdirSync(join(config, 'logs'), { recursive: true })
    writeFileSync(join(config, 'logs/crash.log'), `it died with ${SECRET}\n`)
    const env = {
      KODE_LLM_ENDPOINT: model.url,
      KODE_LLM_API_KEY: 'k',
      KODE_LLM_MODEL: 'scripted',
      KODE_CONFIG_DIR: config,
      DEPLOY_TOKEN: SECRET,
      UNKNOWN: 'left out',
    }
    expect((await runCli(['tell me'], { cwd: root, env })).code).toBe(0)

    const listed = await runCli(['debug-bundle', '--dry-run'], { cwd: root, env })
    expect(listed.stdout).toContain('conversation.md')
    expect(readdirSync(config)).not.toContain('debug-bundles')

    const packed = JSON.parse((await runCli(['debug-bundle', '--json'], { cwd: root, env })).stdout)
    expect(statSync(packed.path).mode & 0o777).toBe(0o600)
    const members = Object.entries(unzipSync(readFileSync(packed.path))).map(
      ([name, bytes]) => [name, strFromU8(bytes)] as const,
    )
    const texts = Object.fromEntries(members)
    expect(Object.keys(texts).sort()).toEqual([
      'README.md',
      'conversation.md',
      'doctor.json',
      'env.txt',
      'logs/crash.log',
      'metadata.json',
      'session.json',
    ])
    expect(texts['conversation.md']).toContain('tell me')
    expect(texts['env.txt']).toContain(`DEPLOY_TOKEN: set, ${SECRET.length} bytes`)
    expect(texts['env.txt']).not.toContain('UNKNOWN')
    for (const [name, text] of members) expect(text, name).not.toContain(SECRET)
  })
})

test('kode upgrade says how it came here and what upgrades it', async () => {
  const root = tempProject()
  const end = await runCli(['upgrade', '--json'], { cwd: root })
  expect(JSON.parse(end.stdout)).toMatchObject({
    installed: 'from a clone',
    command: expect.stringContaining('git -C'),
  })
})

describe('the log', () => {
  test('holds what is at least as grave as its level', () => {
    const folder = join(tempProject(), 'logs')
    const log = logFile(folder, 'info')
    log.write('debug', 'no')
    log.write('info', 'one\ntwo')
    const [name = ''] = readdirSync(folder)
    expect(readFileSync(join(folder, name), 'utf8')).toMatch(/^\S+ info one\n {2}two\n$/)
  })

  test('a crash is recorded, and a large record begun again with three kept', () => {
    const folder = join(tempProject(), 'logs')
    for (let round = 0; round < 6; round++) {
      const path = recordCrash(folder, '1.2.3', new Error(`number ${round}`)) ?? ''
      expect(readFileSync(path, 'utf8')).toContain(`number ${round}`)
      writeFileSync(path, Buffer.alloc(5_000_001, 97))
    }
    expect(readdirSync(folder).sort()).toEqual(['crash.log', 'crash.log.1', 'crash.log.2', 'crash.log.3'])
  })

  test('where it cannot be written nothing happens', () => {
    expect(recordCrash('/dev/null/logs', '1', 'x')).toBeUndefined()
  })
})
