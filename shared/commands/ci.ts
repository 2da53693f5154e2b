import { join } from 'node:path'
import { detectTestCommand } from '#shared/pipelines/support/test-command'
import { EXIT } from '#shared/protocol/exit-codes'
import { type Command, type CommandContext, CommandFailure, textFlag } from './command'

const SYSTEMS = ['github', 'gitlab', 'all'] as const
/** Somebody with write access has to set it. */
const MERGE_LABEL = 'kode-merge'

/** Puts kode into a project's CI. */
export const ciCommand: Command = {
  name: 'ci',
  summary: 'writes a GitHub workflow and a GitLab job that verify every change',
  usage: 'init [--system github|gitlab|all] [--merge]',
  doors: ['cli'],
  options: {
    system: { type: 'string', value: 'NAME', help: `${SYSTEMS.join(', ')}; default: as the project shows, else all` },
    merge: {
      type: 'boolean',
      help: `GitHub: pull requests labelled ${MERGE_LABEL} merge by themselves once all is green`,
    },
  },
  async run(context, args) {
    if (args.words.join(' ') !== 'init') throw new CommandFailure('usage: kode ci init', EXIT.usage)
    const system = textFlag(args, 'system')
    if (system !== undefined && !SYSTEMS.some(each => each === system))
      throw new CommandFailure(`--system wants ${SYSTEMS.join(', ')}, not "${system}"`, EXIT.usage)
    const { root, files } = context
    const has = async (path: string) => (await files.stat(join(root, path))).ok
    const wantsGitlab = system === 'gitlab' || system === 'all' || (!system && (await has('.gitlab-ci.yml')))
    const wantsGithub = system === 'github' || system === 'all' || (!system && (!wantsGitlab || (await has('.github'))))
    const notes: string[] = []
    if (wantsGithub) {
      const workflow = githubWorkflow(context.version)
      const text = args.flags.merge ? `${workflow}${MERGE_JOB}` : workflow
      notes.push(await write('.github/workflows/kode.yml', text, context))
    }
    if (wantsGitlab) notes.push(...(await writeGitlab(context)))
    const testCommand = await detectTestCommand(root, files)
    if (!testCommand) notes.push('No test command was found; set engine.test_command for kode loop.')
    return { exitCode: EXIT.done, json: { schema_version: 1, notes }, text: notes.join('\n') }
  },
}

/** Into the pipeline's own file where that is free, else beside it. */
async function writeGitlab(context: CommandContext): Promise<string[]> {
  const job = gitlabJob(context.version)
  const read = await context.files.read(join(context.root, '.gitlab-ci.yml'))
  const pipeline = read.ok ? new TextDecoder().decode(read.value) : undefined
  const isFree = pipeline === undefined || pipeline.startsWith(job.slice(0, job.indexOf('\n')))
  if (isFree) return [await write('.gitlab-ci.yml', job, context)]
  const note = await write('.gitlab/kode.yml', job, context)
  if (pipeline.includes('.gitlab/kode.yml')) return [note]
  return [note, 'Add to .gitlab-ci.yml: include: { local: .gitlab/kode.yml }']
}

/** Never over what is there. */
async function write(path: string, text: string, { root, files }: CommandContext): Promise<string> {
  const place = join(root, path)
  const before = await files.read(place)
  if (before.ok)
    return new TextDecoder().decode(before.value) === text
      ? `${path} is up to date.`
      : `${path} is there already; it stays as it is.`
  const written = await files.confinedTo(root).replace(place, new TextEncoder().encode(text))
  if (!written.ok) throw new CommandFailure(`${path}: ${written.error.message}`, EXIT.failed)
  return `${path} written.`
}

function githubWorkflow(version: string): string {
  return `# Every pull request goes through kode's gates; findings show in the diff and under Security.
name: kode
on:
  pull_request:
    types: [opened, synchronize, reopened, ready_for_review, labeled]
permissions:
  contents: read
  security-events: write
jobs:
  verify:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0
      - uses: actions/setup-node@v4
        with:
          node-version: 24
      # Another place to take kode from, such as a tarball of your own: set the repository variable KODE_PACKAGE.
      - run: npm install --global "\${KODE_PACKAGE:-kode@${version}}"
        env:
          KODE_PACKAGE: \${{ vars.KODE_PACKAGE }}
      - name: verify
        env:
          BASE: origin/\${{ github.base_ref }}
        run: kode verify --base "$BASE" --format github
      # The same verdict as a report; the step above decides.
      - name: report
        if: always()
        continue-on-error: true
        env:
          BASE: origin/\${{ github.base_ref }}
        run: kode verify --base "$BASE" --format sarif > "$RUNNER_TEMP/kode.sarif"
      - uses: github/codeql-action/upload-sarif@v3
        if: always()
        with:
          sarif_file: \${{ runner.temp }}/kode.sarif
`
}

/** GitHub merges when every check that the branch requires has passed, this one and the project's tests. */
const MERGE_JOB = `  # Needs "Allow auto-merge" in the repository's settings, and a rule for the branch that requires its checks.
  merge:
    needs: verify
    if: contains(github.event.pull_request.labels.*.name, '${MERGE_LABEL}') && !github.event.pull_request.draft
    runs-on: ubuntu-latest
    permissions:
      contents: write
      pull-requests: write
    steps:
      - run: gh pr merge --auto --squash "$PULL_REQUEST"
        env:
          GH_TOKEN: \${{ github.token }}
          PULL_REQUEST: \${{ github.event.pull_request.html_url }}
`

function gitlabJob(version: string): string {
  return `# Every merge request goes through kode's gates; findings show in its test report.
kode:
  image: node:24
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  variables:
    GIT_DEPTH: 0
  before_script:
    # Another place to take kode from, such as a tarball of your own: set the CI variable KODE_PACKAGE.
    - npm install --global "\${KODE_PACKAGE:-kode@${version}}"
  script:
    - kode verify --base "$CI_MERGE_REQUEST_DIFF_BASE_SHA" --format junit > kode.xml
  artifacts:
    when: always
    reports:
      junit: kode.xml
`
}
