import { expect, test } from 'vitest'
import { NetworkQuestions } from '#shared/agent/network-questions'
import type { Host } from '#shared/host/host'
import { nodeFiles } from '#shared/host/node/files'
import type { ApprovalAnswer } from '#shared/protocol/approvals'
import type { KodeEvent } from '#shared/protocol/events'
import { RuleBook } from '#shared/trust/rule-book'
import { tempProject } from '../../support/temp-project'

test.each<[ApprovalAnswer, boolean, string[]]>([
  [{ kind: 'approve' }, true, []],
  [{ kind: 'remember', rule: 'allow net a.example' }, true, ['allow net a.example']],
  [{ kind: 'remember', rule: 'allow destructive rm' }, true, []],
  [{ kind: 'reject' }, false, []],
  [{ kind: 'unavailable' }, false, []],
])('a question about a host, answered %j, opens it: %s', async (answer, expected, kept) => {
  const root = tempProject()
  const rules = new RuleBook(nodeFiles(), { user: `${root}/rules`, machine: `${root}/none` }, [])
  const questions = new NetworkQuestions({ approve: async () => answer } as Partial<Host> as Host, rules)
  const events: KodeEvent['type'][] = []
  questions.askedBy(event => events.push(event.type))

  expect(await questions.ask('a.example', 443)).toBe(expected)
  expect(events).toEqual(['approval_requested', 'approval_answered'])
  expect((await rules.rules()).map(rule => rule.text)).toEqual(kept)
})
