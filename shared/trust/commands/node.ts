import { argOf, type Call, type Command, type CommandTable } from './command'

const looks: Command = { class: 'read_only', operands: 'text' }
const installs: Command = {
  class: 'local_mutation',
  why: 'installs packages',
  operands: 'text',
  values: { folder: '-C --prefix --dir --cwd' },
  judge: call => {
    call.reaches('the package registry')
    judgeGlobal(call)
  },
}
const runsScript: Command = {
  class: 'local_mutation',
  why: 'runs a script of the project',
  operands: 'text',
  values: { folder: '-C --prefix --dir --cwd', text: '-w --workspace -F --filter --filter-prod' },
  stopsAtOperand: true,
  judge: call => judgeScriptName(call, call.operands[0]?.text),
}
const publishes: Command = {
  class: 'destructive',
  why: 'changes the package registry',
  operands: 'text',
  looksWith: '--dry-run',
}
const runsPackage: Command = {
  class: 'read_only',
  why: 'runs a program of a package',
  operands: 'text',
  values: { text: '-p --package', line: '-c --call' },
  stopsAtOperand: true,
  judge: judgePackageProgram,
}

const packageManager: Command = {
  class: 'local_mutation',
  why: 'runs a script of the project',
  values: {
    folder: '--prefix -C --dir --cwd',
    text: '-w --workspace -F --filter --filter-prod --registry --loglevel --userconfig',
    line: '--script-shell',
  },
  judge: call => judgeScriptName(call, call.operands[0]?.text),
  sub: {
    'view info show ls list ll la outdated search find why explain root prefix bin ping doctor query fund help help-search whoami completion repo docs bugs home licenses check-updates diff sbom':
      looks,
    'install i in ci clean-install add update up upgrade upgrade-interactive uninstall remove rm un unlink link ln dedupe dedup prune rebuild rb import fetch pack shrinkwrap approve-builds patch patch-commit set policies autoclean install-test it install-clean isntall sync self-update':
      installs,
    audit: { class: 'read_only', operands: 'text', sub: { fix: installs, signatures: looks } },
    'run run-script rum urn test t tst start restart stop workspace workspaces recursive multi -r': runsScript,
    'exec x dlx': runsPackage,
    explore: {
      class: 'local_mutation',
      why: 'starts a program in a package',
      operands: 'text',
      stopsAtOperand: true,
      judge: call => call.runs(call.operands.slice(1).filter((arg, index) => index > 0 || arg.text !== '--')),
    },
    'create init innit': { ...installs, why: 'makes a package' },
    'publish unpublish deprecate undeprecate dist-tag dist-tags owner author access team token hook org star unstar adduser add-user login logout profile trust stage':
      publishes,
    version: { class: 'local_mutation', why: 'sets the version', operands: 'text' },
    pkg: {
      class: 'local_mutation',
      sub: { get: looks, 'set delete fix': { class: 'local_mutation', operands: 'text' } },
    },
    'config c': {
      class: 'read_only',
      sub: {
        'get list ls': looks,
        'set delete edit fix': {
          class: 'local_mutation',
          why: 'changes settings',
          operands: 'text',
          judge: judgeConfig,
        },
      },
    },
    cache: {
      class: 'read_only',
      sub: { 'ls verify dir list': looks, 'clean clear rm add': { class: 'local_mutation', why: 'empties a cache' } },
    },
    store: {
      class: 'read_only',
      sub: { 'status path': looks, 'prune add': { class: 'local_mutation', why: 'empties a cache' } },
    },
    env: { class: 'local_mutation', sub: { 'list ls': looks } },
    'npm plugin plugins': { class: 'local_mutation', sub: { publish: publishes, 'info whoami audit list': looks } },
  },
}

/** JavaScript: package managers, runtimes, and the tools of nearly every project. */
export const nodeTools: CommandTable = {
  'npm pnpm': packageManager,
  yarn: { ...packageManager, bare: 'local_mutation' },
  bun: {
    ...packageManager,
    sub: {
      ...packageManager.sub,
      'test build repl': { class: 'local_mutation', why: 'runs code of the project', operands: 'text' },
      '-e --eval -p --print': { class: 'destructive', why: 'runs code given on the line' },
    },
    raises: { destructive: '-e --eval -p --print' },
    judge: call => {
      judgeRuntime(call)
      judgeScriptName(call, call.operands[0]?.text)
    },
  },
  'npx bunx pnpx': runsPackage,
  'node nodejs': {
    class: 'local_mutation',
    why: 'runs a script',
    values: {
      text: '-C --conditions --max-old-space-size --env-file --test-name-pattern --test-reporter --stack-size',
      read: '-r --require --import --loader --experimental-loader',
    },
    raises: { destructive: '-e --eval -p --print -pe' },
    operands: 'text',
    stopsAtOperand: true,
    judge: judgeNode,
  },
  deno: {
    class: 'local_mutation',
    why: 'runs a script',
    sub: {
      'info doc types lsp --version': looks,
      'lint check': looks,
      fmt: { class: 'local_mutation', why: 'rewrites files', looksWith: '--check' },
      'run test bench task compile bundle install add remove cache upgrade init serve outdated': {
        class: 'local_mutation',
        operands: 'text',
      },
      'eval repl': { class: 'destructive', why: 'runs code given on the line' },
      'publish deploy': publishes,
    },
  },
  'ts-node tsx ts-node-dev ts-node-esm esno jiti babel-node': {
    class: 'local_mutation',
    why: 'runs a script',
    operands: 'text',
    stopsAtOperand: true,
    raises: { destructive: '-e --eval -p --print -pe' },
    judge: judgeRuntime,
  },
  'tsc vue-tsc svelte-check tsgo': {
    class: 'local_mutation',
    why: 'compiles',
    operands: 'text',
    looksWith: '--noEmit --version --showConfig --listFiles',
    values: { write: '--outDir --outFile --declarationDir --tsBuildInfoFile', folder: '-p --project' },
  },
  eslint: {
    class: 'local_mutation',
    why: 'runs the rules of the project',
    operands: 'read',
    values: {
      write: '-o --output-file',
      read: '-c --config --rulesdir --resolve-plugins-relative-to',
      text: '--ext -f --format --rule --max-warnings --ignore-pattern',
    },
  },
  prettier: {
    class: 'local_mutation',
    why: 'formats files',
    operands: 'write',
    values: { text: '--parser --plugin --log-level --end-of-line', read: '--config --ignore-path' },
  },
  'biome rome oxlint dprint': { class: 'local_mutation', why: 'checks or rewrites files', operands: 'text' },
  'vitest jest mocha ava tap jasmine karma cypress playwright c8 nyc stryker wdio uvu testcafe': {
    class: 'local_mutation',
    why: 'runs tests',
    operands: 'text',
    values: {
      text: '-t --testNamePattern -g --grep --project --reporter',
      write: '--coverage-directory --output --outputFile',
      read: '-c --config',
    },
  },
  'vite webpack rollup esbuild parcel turbo nx lerna next nuxt astro svelte-kit tsup unbuild swc babel gulp grunt ng vue-cli-service react-scripts storybook rspack rsbuild remix gatsby expo metro tailwindcss postcss sass lessc rush wireit concurrently npm-run-all run-s run-p husky lint-staged changeset commitlint knip depcheck madge ncu npm-check-updates patch-package serve http-server live-server json-server pm2 size-limit publint attw api-extractor typedoc graphql-codegen openapi-generator swagger-codegen buf protoc':
    { class: 'local_mutation', why: 'runs a tool of the project', operands: 'text', judge: judgeTool },
  'prisma drizzle-kit knex sequelize typeorm mikro-orm': {
    class: 'local_mutation',
    why: 'works on a database',
    operands: 'text',
    judge: judgeMigration,
  },
  'vercel netlify wrangler fly flyctl railway heroku firebase surge now amplify serverless sls sst render gh-pages eb':
    {
      class: 'remote_action',
      why: 'deploys',
      operands: 'text',
      judge: judgeDeploy,
    },
  'semantic-release np release-it standard-version': {
    class: 'destructive',
    why: 'publishes a release',
    looksWith: '--dry-run',
  },
  'nvm fnm n volta corepack': {
    class: 'local_mutation',
    why: 'switches tool versions',
    operands: 'text',
    sub: {
      'ls list current which version ls-remote': looks,
      'exec run': {
        class: 'local_mutation',
        operands: 'text',
        stopsAtOperand: true,
        judge: call => {
          if (call.operands.length > 1) call.runs(call.operands.slice(1))
        },
      },
    },
  },
}

function judgeGlobal(call: Call): void {
  if (call.has('-g --global') || call.value('--location')?.text === 'global')
    call.writes(argOf('/usr/local/lib/node_modules'))
}

const PUBLISHING = /(^|[:_-])(publish|release|deploy|ship|upload|push)([:_-]|$)/i
const DESTROYING =
  /(^|[:_-])(destroy|nuke|wipe|drop|purge|teardown|reset-db|db-reset)([:_-]|$)|^(db|database)[:_-](drop|reset|wipe|nuke)/i

/** Scripts run project code; their name is what tells that more than the project is meant. */
function judgeScriptName(call: Call, script: string | undefined): void {
  if (!script) return
  if (DESTROYING.test(script)) call.raise('destructive', `by its name, "${script}" destroys something`)
  else if (PUBLISHING.test(script) && !/dry-?run|local|check/i.test(script))
    call.raise('remote_action', `by its name, "${script}" publishes something`)
}

/** `npx rimraf x` does what `rimraf x` does; what `npx ls` does, only that package knows. */
function judgePackageProgram(call: Call): void {
  const [program, ...rest] = call.operands
  if (!program) return
  const name = program.text.replace(/^(.+)@[^/]*$/, '$1').replace(/^@[^/]+\//, '')
  call.raise('local_mutation', `${call.name} runs a program of a package`)
  call.runs([{ ...program, text: name }, ...rest])
}

function judgeConfig(call: Call): void {
  const [key] = call.operands
  if (
    key &&
    /script-shell|editor|viewer|git$|prefix|userconfig|globalconfig|node-options|ignore-scripts/.test(key.text)
  ) {
    call.raise('destructive', `${key.text} decides what later commands run`)
  }
  call.writes(argOf('~/.npmrc'))
}

function judgeNode(call: Call): void {
  judgeRuntime(call)
  if (call.has('--test --check -c') && !call.has('-e --eval -p --print')) {
    if (call.has('--check -c')) call.settle('read_only', 'checks the syntax')
  }
  const version = call.args[0]?.text
  if (call.args.length === 1 && (version === '-v' || version === '--version'))
    call.settle('read_only', 'prints its version')
}

/** Code that arrives through a pipe or a here-document cannot be judged. */
function judgeRuntime(call: Call): void {
  const [script] = call.operands
  const readsInput = !script || script.text === '-' || script.text === '/dev/stdin'
  if (readsInput && (call.stdin.kind === 'pipe' || call.stdin.kind === 'text') && call.name !== 'bun') {
    call.unknown('it runs the code it is given')
  }
  if (script && !readsInput) call.reads(script)
}

function judgeTool(call: Call): void {
  const words = call.operands.map(arg => arg.text)
  if (/^(changeset|lerna|rush|nx)$/.test(call.name) && words.some(word => /^(publish|release)$/.test(word))) {
    call.raise('destructive', 'publishes packages')
  }
  if (call.name === 'concurrently' || call.name === 'npm-run-all') {
    if (call.name === 'concurrently')
      for (const arg of call.operands) if (!/^(npm|pnpm|yarn):/.test(arg.text)) call.runsLine(arg, 'concurrently')
  }
  if (call.name === 'pm2' && /^(delete|kill|stop)$/.test(words[0] ?? '')) call.raise('destructive', 'ends programs')
}

function judgeMigration(call: Call): void {
  const text = call.args.map(arg => arg.text).join(' ')
  if (/\breset\b|\bdrop\b|--force-reset|--accept-data-loss|\brollback\b|undo|db:drop|schema:drop|truncate/.test(text))
    call.raise('destructive', 'drops data')
  else if (/\b(deploy|push|latest|up|migrate|db:migrate|migration:run)\b/.test(text))
    call.raise('remote_action', 'changes a database')
}

function judgeDeploy(call: Call): void {
  const words = call.operands.map(arg => arg.text)
  const text = words.join(' ')
  if (/\b(delete|remove|rm|destroy|unset|purge)\b|:destroy|:delete|:reset/.test(text))
    call.raise('destructive', 'deletes what was deployed')
  else if (
    words.length > 0 &&
    words.every(word =>
      /^(ls|list|whoami|logs?|status|inspect|info|version|help|apps|releases|ps|dev|build|env|config|projects:list|tail)$/.test(
        word,
      ),
    )
  ) {
    call.settle(/^(dev|build)$/.test(words[0] ?? '') ? 'local_mutation' : 'read_only', 'looks at what is deployed')
  }
}
