import { pageSettings } from '#shared/agent/open-engine'
import { readPageSteps } from '#shared/config/page-steps'
import type { ProjectFile } from '#shared/config/project-file'
import { BROWSER_ADVICE, findBrowser } from '#shared/gates/browser/find-browser'
import type { PageWish } from '#shared/gates/browser/project-page'
import { EXIT } from '#shared/protocol/exit-codes'
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
export function pageWish(args: CommandArgs, project: ProjectFile, context: CommandContext): { page?: PageWish } {
  const steps = textFlag(args, 'browser-steps')
  const isAskedFor = args.flags.browser === true || steps !== undefined
  if (!isAskedFor && project.engine?.browser_verification !== true) return {}
  // The gate would only skip: who asks for it now must not read that all is well.
  if (isAskedFor && findBrowser(context.root, context.paths.home, context.env) === undefined)
    throw new CommandFailure(`--browser: no browser was found: ${BROWSER_ADVICE}`, EXIT.usage)
  const read = readPageSteps(steps === undefined ? [] : [steps])
  if (!read.ok) throw new CommandFailure(`--browser-steps: ${read.error}`, EXIT.usage)
  const serverCommand = textFlag(args, 'dev-server')
  return {
    page: {
      ...pageSettings(project),
      ...(serverCommand !== undefined && { serverCommand }),
      ...(steps !== undefined && { instructions: [steps], areStepsDemanded: true }),
      onProgress: ({ status, step, message }) =>
        context.progress(`KODE_BROWSER: [${status}] ${oneLine(step)} - ${oneLine(message)}`),
    },
  }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
