import { join } from 'node:path'
import { detectTestCommand } from '#shared/pipelines/support/test-command'
import { EXIT } from '#shared/protocol/exit-codes'
import { type Command, type CommandContext, CommandFailure, textFlag } from './command'

const SYSTEMS = ['github', 'gitlab', 'all'] as const

/** Puts kode into a project's CI. */
export const ciCommand: Command = {
  name: 'ci',
  summary: 'writes a GitHub workflow and a GitLab job that verify every change',
  usage: 'init [--system github|gitlab|all]',
  doors: ['cli'],
  options: {
    system: { type: 'string', value: 'NAME', help: `${SYSTEMS.join(', ')}; default: as the project shows, else all` },
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
    if (wantsGithub) notes.push(await write('.github/workflows/kode.yml', githubWorkflow(context.version), context))
    if (wantsGitlab) {
      const job = gitlabJob(context.version)
      const isOurs = !(await has('.gitlab-ci.yml')) || (await has('.gitlab/kode.yml'))
      if (isOurs && !(await has('.gitlab/kode.yml'))) notes.push(await write('.gitlab-ci.yml', job, context))
      else {
        notes.push(await write('.gitlab/kode.yml', job, context))
        notes.push('Add to .gitlab-ci.yml: include: { local: .gitlab/kode.yml }')
      }
    }
    const testCommand = await detectTestCommand(root, files)
    if (!testCommand) notes.push('No test command was found; set engine.test_command for kode loop.')
    return { exitCode: EXIT.done, json: { schema_version: 1, notes }, text: notes.join('\n') }
  },
}

/** Never over what is there. */
async function write(path: string, text: string, { root, files }: CommandContext): Promise<string> {
  const place = join(root, path)
  const before = await files.read(place)
  if (before.ok)
    return new TextDecoder().decode(before.value) === text
      ? `${path} is up to date.`
      : `${path} is there already; it stays as it is.`
  const written = await files.replace(place, new TextEncoder().encode(text))
  if (!written.ok) throw new CommandFailure(`${path}: ${written.error.message}`, EXIT.failed)
  return `${path} written.`
}

function githubWorkflow(version: string): string {
  return `# Every pull request goes through kode's gates; findings show in the diff and under Security.
name: kode
on: pull_request
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
