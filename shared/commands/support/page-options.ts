import { pageSettings } from '#shared/agent/open-engine'
import type { ProjectFile } from '#shared/config/project-file'
import type { PageWish } from '#shared/gates/browser/project-page'
import { EXIT } from '#shared/protocol/exit-codes'
import { withoutControlSequences } from '#shared/sandbox/terminal-filter'
import { type CommandArgs, type CommandContext, CommandFailure, textFlag } from '../command'

/** Flags of the gate `browser`. */
export const PAGE_OPTIONS = {
  browser: { type: 'boolean', help: 'open the page of the project in a browser before the change lands' },
  'browser-steps': {
    type: 'string',
    value: 'STEPS',
    help: 'as --browser, and these steps must succeed: "click: #save; verifytext: Saved"',
  },
  'dev-server': {
    type: 'string',
    value: 'CMD',
    help: 'what serves the page, on $PORT or {port}; default: from .kode/kode.json, else the script dev of package.json',
  },
} as const

/** What is wanted of the project's page: the flags go before the project, and its steps count when nobody gives others. */
export async function pageWish(
  args: CommandArgs,
  project: ProjectFile,
  context: CommandContext,
): Promise<{ page?: PageWish }> {
  const steps = textFlag(args, 'browser-steps')
  const isAskedFor = args.flags.browser === true || steps !== undefined
  if (!isAskedFor && project.engine?.browser_verification !== true) return {}
  const { BROWSER_ADVICE, findBrowser } = await import('#shared/gates/browser/find-browser')
  // The gate would only fail, once a model has made a change.
  if (isAskedFor && findBrowser(context.root, context.paths.home, context.env) === undefined)
    throw new CommandFailure(`--browser: no browser was found: ${BROWSER_ADVICE}`, EXIT.usage)
  const { readPageSteps } = await import('#shared/config/page-steps')
  const read = readPageSteps(steps === undefined ? [] : [steps])
  if (!read.ok) throw new CommandFailure(`--browser-steps: ${read.error}`, EXIT.usage)
  const serverCommand = textFlag(args, 'dev-server')
  return {
    page: {
      ...pageSettings(project),
      isDemanded: isAskedFor,
      ...(serverCommand !== undefined && { serverCommand }),
      ...(steps !== undefined && { instructions: [steps], areStepsDemanded: true }),
      onProgress: ({ status, step, message }) =>
        context.progress(`KODE_BROWSER: [${status}] ${oneLine(step)} - ${oneLine(message)}`),
    },
  }
}

/** Steps and commands are the project's own words. */
function oneLine(text: string): string {
  return withoutControlSequences(text).replace(/\s+/g, ' ').trim()
}
