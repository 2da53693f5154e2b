import type { Result } from '#shared/base/result'
import { EXIT } from '#shared/protocol/exit-codes'
import { type OpenSandbox, openSandbox } from '#shared/sandbox/open'
import type { Sandbox } from '#shared/sandbox/sandbox'
import { RuleBook } from '#shared/trust/rule-book'
import { networkHosts } from '#shared/trust/rules'
import { type CommandContext, CommandFailure } from '../command'

/** The user's, the machine's and the project's rules. */
export async function projectRules(context: CommandContext): Promise<RuleBook> {
  const { project, isBare } = await context.settings()
  const places = { user: context.paths.rules, machine: context.paths.policy, onlyTighten: isBare }
  return new RuleBook(context.files, places, project.trust?.rules ?? [])
}

/** What a command cannot do without: without it the command ends. */
export async function openProjectSandbox(
  context: CommandContext,
  more: Pick<OpenSandbox, 'net' | 'useSandbox'>,
): Promise<Sandbox> {
  const opened = await tryProjectSandbox(context, more)
  if (!opened.ok) throw new CommandFailure(opened.error.message, EXIT.refused)
  return opened.value
}

/** The very sandbox that the agent's shell uses; about further hosts the user is asked, if there is one to answer. */
export async function tryProjectSandbox(
  context: CommandContext,
  more: Pick<OpenSandbox, 'net' | 'useSandbox'>,
): Promise<Result<Sandbox, { message: string }>> {
  const { allowNet } = await context.settings()
  const rules = await (await projectRules(context)).load()
  if (!rules.ok) return rules
  const hosts = networkHosts(rules.value.rules)
  const { confirm } = context
  const ask = confirm && ((host: string, port: number) => confirm(networkQuestion(host, port)))
  return openSandbox({
    root: context.root,
    stateFolder: context.paths.config,
    processes: context.processes,
    env: context.env,
    home: context.paths.home,
    allowNet: [...allowNet, ...hosts.allow],
    denyNet: hosts.deny,
    ...(ask && { askNetwork: ask }),
    ...more,
  })
}

function networkQuestion(host: string, port: number): string {
  return `A command in the sandbox wants to reach ${host}:${port}, which is on no list. Allow it for now?`
}
