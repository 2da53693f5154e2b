import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { agentFile } from '../support/cast'
import { runCli } from '../support/run-cli'
import { tempProject } from '../support/temp-project'

test('agents, skills and memory are listed from the project, the user and what is built in', async () => {
  const root = tempProject({
    '.kode/agents/clerk.json': agentFile({ name: 'clerk', trust: 'plan', odd: true }),
    '.kode/skills/look/SKILL.md': '---\nname: look\ndescription: looks\n---\nx',
    'MEMORY.md': '- tabs\n',
  })
  const agents = await runCli(['agents', '--json'], { cwd: root })
  const listed = JSON.parse(agents.stdout)
  expect(listed.agents.map((each: { name: string }) => each.name)).toEqual([
    'clerk',
    'default',
    'explore',
    'plan',
    'task',
    'verify',
  ])
  expect(listed.warnings).toEqual(['.kode/agents/clerk.json: unknown field "odd" is ignored'])
  expect((await runCli(['agents'], { cwd: root })).stderr).toContain('unknown field "odd"')

  const skills = await runCli(['skills', 'LOOK'], { cwd: root })
  expect(skills.stdout).toMatch(/^look +project +looks\nsecurity-audit /)

  expect((await runCli(['memory', 'add', 'no', 'semicolons'], { cwd: root })).code).toBe(0)
  expect(readFileSync(join(root, 'MEMORY.md'), 'utf8')).toBe('- tabs\n- no semicolons\n')
  expect((await runCli(['memory', 'global', 'be brief'], { cwd: root })).code).toBe(0)
  const memory = JSON.parse((await runCli(['memory', '--json'], { cwd: root })).stdout)
  expect(memory.memory.map((each: { text: string }) => each.text)).toEqual([
    '- tabs\n- no semicolons\n',
    '- be brief\n',
  ])
  expect((await runCli(['memory', 'forget'], { cwd: root })).code).toBe(2)
  expect((await runCli(['undo'], { cwd: root })).code).toBe(0)
  expect(readFileSync(join(root, 'MEMORY.md'), 'utf8')).toBe('- tabs\n')
})
