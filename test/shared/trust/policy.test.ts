import { describe, expect, test } from 'vitest'
import { effectOf, effectOfFiles } from '#shared/trust/effects'
import { MATRIX, ROWS, rowOf } from '#shared/trust/matrix'
import { clampMode, decideTrust, modeFrom, TRUST_MODES } from '#shared/trust/policy'
import {
  networkHosts,
  parseRule,
  parseRules,
  suggestRules,
  type TrustRule,
  wouldHaveAllowed,
} from '#shared/trust/rules'

const scope = { root: '/work/project', home: '/home/me' }
const push = effectOf('remote_action', 'publishes commits', { programs: ['git'], network: ['github.com'] })
const removal = effectOfFiles('delete', ['/work/project/a.ts'], scope)

describe('the matrix', () => {
  // spec/koda.md §4.3 and §4.4, written out once more.
  test.each([
    ['read_only', 'allow allow allow', 'allow allow allow'],
    ['local_mutation', 'deny ask allow', 'deny allow allow'],
    ['remote_action', 'deny ask allow', 'deny allow allow'],
    ['destructive', 'deny ask ask', 'deny deny deny'],
  ] as const)('%s: the user %s, a sub-agent %s', (effectClass, interactive, subAgent) => {
    const decide = (actor: 'interactive' | 'sub_agent') =>
      TRUST_MODES.map(mode => decideTrust(effectOf(effectClass, 'x'), mode, actor).kind).join(' ')
    expect([decide('interactive'), decide('sub_agent')]).toEqual([interactive, subAgent])
  })

  test('writing outside the project is a floor, also for a sub-agent; reading there is none', () => {
    const outside = effectOfFiles('write', ['/etc/x'], scope)
    expect(decideTrust(outside, 'auto', 'interactive').kind).toBe('ask')
    expect(decideTrust(outside, 'auto', 'sub_agent').kind).toBe('deny')
    expect(decideTrust(effectOf('read_only', 'x', { outside_project: ['/etc'] }), 'plan', 'headless').kind).toBe(
      'allow',
    )
  })

  test('nobody but the user writes agents and skills', () => {
    const effect = effectOfFiles('write', ['/work/project/.kode/agents/a.json'], scope)
    expect(rowOf(effect)).toBe('agent_files')
    for (const mode of TRUST_MODES) expect(decideTrust(effect, mode, 'interactive').kind).toBe('deny')
  })

  test('without somebody to ask nothing asks', () => {
    for (const actor of ['headless', 'sub_agent'] as const) {
      for (const row of Object.values(MATRIX[actor])) expect(Object.values(row)).not.toContain('ask')
    }
  })

  test('plan only reads, whoever acts', () => {
    for (const table of Object.values(MATRIX)) {
      for (const [row, modes] of Object.entries(table)) expect(modes.plan).toBe(row === 'read_only' ? 'allow' : 'deny')
    }
    expect(Object.keys(ROWS)).toEqual(Object.keys(MATRIX.interactive))
  })

  test('without a sandbox, auto asks before anything changes', () => {
    expect(decideTrust(push, 'auto', 'interactive', { hasSandbox: false }).kind).toBe('ask')
    expect(decideTrust(push, 'auto', 'headless', { hasSandbox: false }).kind).toBe('deny')
    expect(decideTrust(effectOf('read_only', 'x'), 'auto', 'interactive', { hasSandbox: false }).kind).toBe('allow')
  })

  test('a file that this session created may be deleted, but not in plan', () => {
    const ownedFiles = new Set(['a.ts'])
    expect(decideTrust(removal, 'safe', 'sub_agent', { ownedFiles }).kind).toBe('allow')
    expect(decideTrust(removal, 'plan', 'interactive', { ownedFiles }).kind).toBe('deny')
    expect(decideTrust(removal, 'auto', 'interactive', { ownedFiles: new Set(['b.ts']) }).kind).toBe('ask')
    const byShell = { ...removal, programs: ['rm'] }
    expect(decideTrust(byShell, 'auto', 'interactive', { ownedFiles }).kind).toBe('ask')
  })

  test.each([
    ['auto', 'safe', 'safe'],
    ['plan', 'auto', 'plan'],
    [undefined, 'safe', 'safe'],
    ['auto', 'plan', 'plan'],
    ['auto', 'auto', 'auto'],
  ] as const)('a child that wants %s of a parent in %s gets %s', (wanted, parent, got) => {
    expect(clampMode(wanted, parent)).toBe(got)
  })

  test('a stored mode that nobody knows counts as safe', () => {
    expect(['auto', 'plan', 'yolo', undefined].map(modeFrom)).toEqual(['auto', 'plan', 'safe', 'safe'])
  })
})

describe('rules', () => {
  const rule = (text: string, source: TrustRule['source'] = 'user'): TrustRule => {
    const read = parseRule(text, source)
    if (!read.ok) throw new Error(read.error.message)
    return read.value
  }
  const decide = (text: string, source: TrustRule['source'] = 'user', effect = push, command = 'git push') =>
    decideTrust(effect, 'safe', 'interactive', { rules: [rule(text, source)], command }).kind

  test.each([
    ['allow remote_action git', 'allow'],
    ['allow remote_action git to github.com', 'allow'],
    ['allow remote_action git to example.com', 'ask'],
    ['allow local_mutation git', 'ask'],
    ['allow remote_action npm', 'ask'],
    ['allow line git push', 'allow'],
    ['allow line git push --force', 'ask'],
    ['deny remote_action', 'deny'],
    ['deny local_mutation git', 'deny'],
    ['deny destructive', 'ask'],
  ])('git push in safe, with "%s": %s', (text, decision) => expect(decide(text)).toBe(decision))

  test('the machine and the workspace may only tighten', () => {
    expect(parseRules(['allow remote_action git', 'deny remote_action'], 'machine').rules).toHaveLength(1)
    expect(parseRules(['allow line x'], 'workspace').problems).toHaveLength(1)
    expect(decide('ask read_only git', 'workspace', effectOf('read_only', 'x', { programs: ['git'] }))).toBe('ask')
  })

  test('a deny beats an allow, and ask without somebody to ask denies', () => {
    const rules = [rule('allow remote_action git'), rule('deny remote_action git', 'machine')]
    expect(decideTrust(push, 'auto', 'interactive', { rules }).kind).toBe('deny')
    expect(decideTrust(push, 'auto', 'headless', { rules: [rule('ask remote_action')] }).kind).toBe('deny')
  })

  test('no rule allows what a floor protects, what nobody can know, or anything in plan', () => {
    const rules = [rule('allow destructive git'), rule('allow line git push')]
    const kinds = [
      decideTrust({ ...push, outside_project: ['/etc'] }, 'auto', 'interactive', { rules, command: 'git push' }).kind,
      decideTrust({ ...push, isKnown: false }, 'auto', 'interactive', { rules, command: 'git push' }).kind,
      decideTrust(push, 'plan', 'interactive', { rules, command: 'git push' }).kind,
      decideTrust(push, 'safe', 'sub_agent', { rules: [rule('ask remote_action')] }).kind,
    ]
    expect(kinds).toEqual(['ask', 'ask', 'deny', 'deny'])
  })

  test('what destroys is offered only line by line; the rest also by program and host', () => {
    const texts = (effect: typeof push) => suggestRules(effect, 'git push').map(each => each.text)
    expect(texts(push)).toEqual(['allow line git push', 'allow remote_action git to github.com'])
    expect(texts({ ...push, class: 'destructive' })).toEqual(['allow line git push'])
    expect(texts({ ...push, isKnown: false })).toEqual([])
  })

  test('a rule shows what else it would have allowed', () => {
    const asked = [
      { title: 'git push', effect: push },
      { title: 'npm test', effect: effectOf('local_mutation', 'x', { programs: ['npm'] }) },
      {
        title: 'git commit | tail',
        effect: effectOf('local_mutation', 'x', { programs: ['git', 'tail'], readers: ['tail'] }),
      },
    ]
    expect(wouldHaveAllowed(rule('allow remote_action git'), asked)).toEqual(['git push', 'git commit | tail'])
  })

  test('a rule on the network opens and closes hosts, and decides nothing else', () => {
    const rules = [rule('allow net *.example.com a.org:8080'), rule('deny net b.org', 'workspace')]
    expect(networkHosts(rules)).toEqual({ allow: ['*.example.com', 'a.org:8080'], deny: ['b.org'] })
    expect(decideTrust(push, 'auto', 'interactive', { rules }).kind).toBe('allow')
    expect(decideTrust(push, 'safe', 'interactive', { rules }).kind).toBe('ask')
    expect(parseRules(['allow net a.org'], 'machine').problems).toHaveLength(1)
  })

  test.each([
    '',
    'allow net',
    'ask net a.org',
    'permit git',
    'allow remote_action',
    'allow everything git',
    'allow line',
  ])('%j is no rule', text => {
    expect(parseRule(text, 'user').ok).toBe(false)
  })
})
