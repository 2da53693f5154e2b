import { join } from 'node:path'
import { openEngine } from '#shared/agent/open-engine'
import { SessionReadLedger } from '#shared/agent/read-ledger'
import { Toolset } from '#shared/agent/toolset'
import { fail } from '#shared/base/result'
import { ProjectPast } from '#shared/edits/past'
import { journalFolderFor } from '#shared/edits/write'
import { readAsset } from '#shared/host/node/assets'
import { EXIT } from '#shared/protocol/exit-codes'
import { allHidden } from '#shared/sandbox/hidden-paths'
import type { ReadSession } from '#shared/store/export'
import { openStore } from '#shared/store/sessions'
import { type ReplayedCall, type ReplayReport, replaySession } from '#shared/tasks/replay'
import { WorkingCopies } from '#shared/tasks/working-copies'
import type { WorkingCopy } from '#shared/tasks/working-copy'
import { BUILT_IN_TOOLS } from '#shared/tools/registry'
import type { ToolContext } from '#shared/tools/tool'
import { classifyShell } from '#shared/trust/shell-classifier'
import { ShellParser } from '#shared/trust/shell-parser'
import { type Command, type CommandContext, CommandFailure } from './command'
import { openProjectSandbox, projectRules } from './support/project-sandbox'

/** What a session's calls would come to today. */
export const replayCommand: Command = {
  name: 'replay',
  summary: 'decides the calls of a session again, on the files as they were, and tells which verdicts differ',
  usage: '<id>',
  doors: ['cli'],
  options: {},
  async run(context, args) {
    const [id] = args.words
    if (id === undefined) throw new CommandFailure('name a session; see kode sessions list', EXIT.usage)
    const report = await replay(readSession(id, context), context)
    const exitCode = report.status === 'PASS' ? EXIT.done : EXIT.failed
    return { exitCode, json: report, text: textOf(report) }
  },
}

function readSession(id: string, context: CommandContext): ReadSession {
  const store = openStore({ folder: context.paths.db, now: context.now })
  if (!store.ok) throw new CommandFailure(store.error.message, EXIT.failed)
  const found = store.value.readSession(id, context.root)
  if (!found.ok) throw new CommandFailure(found.error.message, EXIT.failed)
  return found.value
}

async function replay(session: ReadSession, context: CommandContext): Promise<ReplayReport> {
  const { root, files, processes, env, paths } = context
  const copies = new WorkingCopies(root, {
    files,
    processes,
    env,
    cacheFolder: paths.cache,
    patchFolder: join(paths.config, 'patches'),
  })
  const sandbox = await openProjectSandbox(context, { useSandbox: (await context.settings()).useSandbox })
  try {
    const copy = await copies.make(root, `replay of ${session.header.id}`)
    if (!copy.ok) throw new CommandFailure(copy.error, EXIT.failed)
    const began = session.entries[0]?.at ?? session.header.created_at
    const journalFolder = journalFolderFor(paths.config, root)
    const past = await ProjectPast.backTo(began, { files, journalFolder, copyRoot: copy.value.root })
    if (!past.ok) throw new CommandFailure(`${past.error.path}: ${past.error.message}`, EXIT.failed)
    return await replaySession(session, {
      root,
      copyRoot: copy.value.root,
      past: past.value,
      engine: await engineOf(copy.value, context),
      tools: new Toolset(BUILT_IN_TOOLS),
      context: toolContext(copy.value.root, session, sandbox, context),
      hasSandbox: sandbox.level !== 'none',
      rules: await (await projectRules(context)).rules(),
      signal: context.signal,
    })
  } finally {
    await copies.close()
    await sandbox.close()
  }
}

/** With caches and records of its own, which go with the copy. */
async function engineOf(copy: WorkingCopy, { files, paths, settings, now }: CommandContext) {
  const { project } = await settings()
  const own = { ...paths, config: copy.stateFolder, cache: copy.stateFolder }
  return openEngine({ root: copy.root, files, paths: own, project, now, logFolder: copy.stateFolder })
}

function toolContext(
  root: string,
  { header }: ReadSession,
  sandbox: ToolContext['sandbox'],
  { files, processes, web, env, paths, now, signal }: CommandContext,
): ToolContext {
  const scope = { root, home: paths.home, ...(env.TMPDIR && { tmp: env.TMPDIR }) }
  const parser = new ShellParser(readAsset)
  return {
    root,
    scope,
    files,
    processes,
    web,
    sandbox,
    readLedger: new SessionReadLedger(),
    contextFactor: 1,
    hidden: allHidden(paths.config, paths.home),
    userMemory: paths.memory,
    env,
    newInstructionsFor: async () => '',
    classify: async line => (await classifyShell(line, scope, parser)).effect,
    now,
    ask: async () => '',
    signal,
    session: {
      id: header.id,
      messages: () => [],
      history: () => [],
      todos: () => [],
      setTodos: async () => undefined,
      tasks: {
        startProcess: async () => NOT_HERE,
        list: () => [],
        cancel: () => ({ ok: false, error: 'not_found' }),
        wait: async () => [],
        takeFinished: () => [],
      },
      agents: {
        list: async () => [],
        check: async () => NOT_HERE,
        invoke: async () => ({ text: NOT_HERE.error, isError: true }),
        ask: async () => fail({ message: NOT_HERE.error, exitCode: EXIT.failed }),
        start: async () => NOT_HERE,
      },
      skills: { search: async () => [], activate: async () => NOT_HERE, deactivate: () => undefined },
      ownedFiles: new Set(),
    },
  }
}

const NOT_HERE = { ok: false, error: 'a replay starts nothing' } as const

function textOf({ results, calls, replayed, differs }: ReplayReport): string {
  const head = `${replayed} of ${calls} calls decided again; ${differs === 0 ? 'every verdict is the same' : `${differs} differ`}.`
  return [head, ...results.filter(each => each.differs).map(lineOf)].join('\n')
}

function lineOf({ tool, title, recorded, replayed, reason }: ReplayedCall): string {
  return `${tool} ${title}: ${recorded} then, ${replayed} now (${reason})`
}
