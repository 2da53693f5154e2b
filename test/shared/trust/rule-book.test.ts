import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { nodeFiles } from '#shared/host/node/files'
import { effectOf } from '#shared/trust/effects'
import { decideTrust } from '#shared/trust/policy'
import { RuleBook } from '#shared/trust/rule-book'

const push = effectOf('remote_action', 'publishes commits', { programs: ['git'] })

let folder: string
let places: { user: string; machine: string }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kode-rules-'))
  places = { user: join(folder, 'home/db/rules'), machine: join(folder, 'policy') }
})

afterEach(() => rmSync(folder, { recursive: true, force: true }))

const book = (workspace: string[] = []) => new RuleBook(nodeFiles(), places, workspace)
const decide = async (rules: RuleBook) =>
  decideTrust(push, 'safe', 'interactive', { rules: await rules.rules(), command: 'git push' }).kind

test('a rule is remembered once, holds in the next process, and ends as soon as it is revoked', async () => {
  const rules = book()
  expect(await decide(rules)).toBe('ask')
  await rules.remember('allow  remote_action git')
  await rules.remember('allow remote_action git')
  expect(readFileSync(places.user, 'utf8')).toBe('allow remote_action git\n')
  expect(await decide(book())).toBe('allow')

  const revoked = await book().revoke('allow remote_action git')
  expect(revoked.ok).toBe(true)
  expect(await decide(rules)).toBe('ask')
  expect((await rules.revoke('allow remote_action git')).ok).toBe(false)
})

test('rules of several processes at once are all kept', async () => {
  const texts = Array.from({ length: 8 }, (_, index) => `allow local_mutation tool${index}`)
  await Promise.all(texts.map(text => book().remember(text)))
  expect(readFileSync(places.user, 'utf8').trimEnd().split('\n').sort()).toEqual(texts)
})

test('what is no rule is not kept', async () => {
  expect((await book().remember('allow everything')).ok).toBe(false)
  expect(await book().load()).toEqual({ ok: true, value: { rules: [], problems: [] } })
})

test('the machine and the workspace tighten what the user allowed; a workspace that would loosen is told and ignored', async () => {
  await book().remember('allow remote_action git')
  const project = book(['ask remote_action', 'allow destructive rm'])
  expect(await decide(project)).toBe('ask')
  const loaded = await project.load()
  expect(loaded.ok && loaded.value.problems).toEqual(['the workspace may only tighten: "allow destructive rm"'])
  writeFileSync(places.machine, '# policy\ndeny remote_action\n')
  expect(await decide(project)).toBe('deny')
})

test.each(['deny everything', 'allow remote_action git'])(
  'a policy of the machine with "%s" in it stops all that changes something',
  async line => {
    await book().remember('allow remote_action git')
    writeFileSync(places.machine, `${line}\n`)
    expect((await book().load()).ok).toBe(false)
    expect(await decide(book())).toBe('deny')
  },
)

test('with --bare the user’s own rules tighten as before, and loosen nothing', async () => {
  await book().remember('allow remote_action git')
  const bare = (places: { user: string; machine: string }) =>
    new RuleBook(nodeFiles(), { ...places, onlyTighten: true }, [])
  expect(await decide(bare(places))).toBe('ask')
  await book().remember('deny remote_action git')
  expect(await decide(bare(places))).toBe('deny')
})
