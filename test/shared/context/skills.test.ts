import { expect, test } from 'vitest'
import { readSkill, SkillShelf } from '#shared/context/skills/skill-shelf'
import { nodeFiles } from '#shared/host/node/files'
import { agentSession, resultsOf } from '../../support/agent-session'
import { calls, FakeProvider, says } from '../../support/fake-provider'
import { tempProject } from '../../support/temp-project'

const NARROW = '---\nname: look\ndescription: looks only\nallowed-tools: Read, Grep\n---\nLook closely.\n'

test.each([
  [
    'every field',
    'name: a\ndescription: |\n  two\n  lines\ntags: [x, y]\nwhen_to_use: now\nallowed_tools: [Read]\nuser_invocable: false\nargument_hint: "[p]"',
  ],
  [
    'hyphens',
    'name: a\ndescription: "two\\nlines"\ntags: x, y\nwhen-to-use: now\nallowed-tools: Read\nuser-invocable: false\nargument-hint: "[p]"',
  ],
])('a skill is read with %s', async (_, front) => {
  expect(await readSkill(`---\n${front}\n---\n\nDo it.\n`, 'SKILL.md', 'user')).toEqual({
    ok: true,
    value: {
      name: 'a',
      description: 'two\nlines',
      tags: ['x', 'y'],
      whenToUse: 'now',
      allowedTools: ['Read'],
      isUserInvocable: false,
      argumentHint: '[p]',
      source: 'user',
      body: 'Do it.',
    },
  })
})

test.each([
  ['no name', '---\ndescription: a\n---\nx', 'SKILL.md: name is missing'],
  ['no front matter', 'x', 'SKILL.md: does not begin with YAML between two lines of ---'],
  [
    'tools that are no names',
    '---\nname: a\nallowed_tools: 3\n---\nx',
    'SKILL.md: allowed_tools wants a list of names',
  ],
])('a skill with %s is none', async (_, content, error) => {
  expect(await readSkill(content, 'SKILL.md', 'user')).toEqual({ ok: false, error })
})

test('the project’s skills win over the user’s, and these over the built-in ones; a search looks at names, words and tags', async () => {
  const root = tempProject({
    '.kode/skills/look/SKILL.md': NARROW,
    'home/look/SKILL.md': NARROW.replace('looks only', 'of the user'),
    'home/mine/SKILL.md': '---\nname: code-review\ndescription: my way\n---\nx',
    'home/broken/SKILL.md': 'x',
    '../theirs/hidden/SKILL.md': '---\nname: hidden\ndescription: from outside\n---\nx',
    'team/skills/ours/SKILL.md': '---\nname: ours\ndescription: of the team\n---\nx',
  })
  const shelf = await SkillShelf.read(root, `${root}/home`, nodeFiles(), ['team/skills', '../theirs'])
  expect(shelf.search().map(({ name, source, description }) => [name, source, description])).toEqual([
    ['code-review', 'user', 'my way'],
    ['look', 'project', 'looks only'],
    ['ours', 'project', 'of the team'],
    ['security-audit', 'built-in', 'looks for weaknesses that somebody could use against the program'],
  ])
  expect(shelf.search('SECURITY').map(skill => skill.name)).toEqual(['security-audit'])
  expect(shelf.warnings).toEqual([
    expect.stringMatching(/^skills\.paths: .*theirs is not in the project/),
    expect.stringContaining('broken'),
  ])
})

test('an active skill leaves only its tools, also to agents started meanwhile and after a resume, until it ends', async () => {
  const root = tempProject({ '.kode/skills/look/SKILL.md': NARROW, 'a.txt': 'a\n' })
  const provider = new FakeProvider(
    calls(['ActivateSkill', { skill_name: 'nothing' }], ['ActivateSkill', { skill_name: 'look' }]),
    calls(['Write', { file_path: 'b.txt', content: 'b' }], ['Read', { file_path: 'a.txt' }]),
    calls(['InvokeAgent', { agent_name: 'explore', prompt: 'go' }]),
    says('the child answers'),
    calls(['ActivateSkill', { skill_name: 'none' }]),
    calls(['Write', { file_path: 'b.txt', content: 'b' }]),
    calls(['ActivateSkill', { skill_name: 'look' }]),
    says('done'),
    says('after the resume'),
  )
  const { session, kode } = await agentSession(root, provider)
  await session.prompt([{ type: 'text', text: 'go' }])
  const [unknown, active, refused, read, child, , written] = resultsOf(session)
  expect(unknown?.text).toContain('there is no skill "nothing"; there are: code-review, look, security-audit')
  expect(active?.text).toContain('Look closely.')
  expect(refused?.text).toContain('Write is not available now: the skill "look" allows only Read, Grep')
  expect([read?.status, child?.status, written?.status]).toEqual(['ok', 'ok', 'ok'])
  const offered = provider.requests.map(request => request.tools.map(tool => tool.name))
  expect(offered[1]).toEqual(['Read', 'Grep', 'AskUser', 'InvokeAgent', 'ListAgents', 'ListSkills', 'ActivateSkill'])
  expect(offered[3]).not.toContain('Bash')
  expect(offered[5]).toContain('Write')
  await session.close()
  const resumed = await kode.openSession({ resume: session.id })
  if (!resumed.ok) throw new Error(resumed.error.message)
  await resumed.value.prompt([{ type: 'text', text: 'again' }])
  await resumed.value.close()
  expect(provider.requests.at(-1)?.tools.map(tool => tool.name)).not.toContain('Write')
})

test('a prompt that begins with the name of a skill brings its instructions along', async () => {
  const root = tempProject({ '.kode/skills/look/SKILL.md': NARROW })
  const provider = new FakeProvider(says('done'), says('done'))
  const { session } = await agentSession(root, provider)
  await session.prompt([{ type: 'text', text: '/look src' }])
  await session.prompt([{ type: 'text', text: '/nothing of ours' }])
  const said = provider.requests.map(request => JSON.stringify(request.messages.at(-1)))
  expect(said[0]).toContain('Look closely.')
  expect(said[0]).toContain('What it is for now: src')
  expect(said[1]).not.toContain('<skill')
})
