import { argOf, type Call, type Command, type CommandTable } from './command'

const looks: Command = { class: 'read_only', operands: 'text' }
const installs: Command = {
  class: 'local_mutation',
  why: 'installs packages',
  operands: 'text',
  values: {
    read: '-r --requirement -c --constraint -e --editable',
    folder: '-t --target --prefix --root',
    text: '-i --index-url --extra-index-url --python',
  },
  judge: call => {
    call.reaches('the package registry')
    if (call.has('--user')) call.writes(argOf('~/.local'))
  },
}
const publishes: Command = {
  class: 'destructive',
  why: 'changes the package registry',
  operands: 'text',
  looksWith: '--dry-run',
}
const runsRest: Command = {
  class: 'local_mutation',
  operands: 'program',
  stopsAtOperand: true,
  values: { text: '--with --extra --group -p --python --env-file --package --from', folder: '--directory --project' },
}

const pip: Command = {
  class: 'local_mutation',
  sub: {
    'list show freeze check search index inspect debug help hash': looks,
    'install uninstall download wheel sync compile': installs,
    config: {
      class: 'read_only',
      sub: { 'list get debug': looks, 'set unset edit': { class: 'local_mutation', why: 'changes settings' } },
    },
    cache: {
      class: 'read_only',
      sub: { 'dir info list': looks, 'remove purge': { class: 'local_mutation', why: 'empties a cache' } },
    },
  },
}

/** Python: interpreters, package managers, and the tools of most projects. */
export const python: CommandTable = {
  'python python2 python3 python3.8 python3.9 python3.10 python3.11 python3.12 python3.13 python3.14 pypy pypy3 ipython jython micropython':
    {
      class: 'local_mutation',
      why: 'runs a script',
      values: { text: '-W -X' },
      raises: { destructive: '-c' },
      operands: 'text',
      stopsAtOperand: true,
      judge: judgePython,
    },
  'pip pip3': pip,
  pipx: {
    class: 'local_mutation',
    sub: {
      'list environment': looks,
      'install upgrade uninstall inject reinstall ensurepath upgrade-all install-all': installs,
      run: runsRest,
    },
  },
  uv: {
    class: 'local_mutation',
    values: { folder: '--directory --project' },
    sub: {
      'tree version help': looks,
      'sync lock add remove venv init build export self format': installs,
      run: runsRest,
      pip,
      tool: {
        class: 'local_mutation',
        sub: { 'list dir': looks, 'install upgrade uninstall update-shell': installs, run: runsRest },
      },
      python: { class: 'local_mutation', sub: { 'list find dir': looks, 'install uninstall pin': installs } },
      cache: {
        class: 'read_only',
        sub: { dir: looks, 'clean prune': { class: 'local_mutation', why: 'empties a cache' } },
      },
      publish: publishes,
    },
  },
  uvx: runsRest,
  poetry: {
    class: 'local_mutation',
    sub: {
      'show check search about version help': looks,
      'install add remove update lock build init new export self cache': installs,
      env: { class: 'local_mutation', sub: { 'info list': looks, 'use remove': installs } },
      config: { class: 'local_mutation', why: 'changes settings', operands: 'text', looksWith: '--list' },
      run: runsRest,
      publish: publishes,
    },
  },
  pdm: {
    class: 'local_mutation',
    sub: {
      'list show info search': looks,
      'install add remove update lock build init sync': installs,
      run: runsRest,
      publish: publishes,
    },
  },
  'hatch rye pixi': {
    class: 'local_mutation',
    sub: {
      'version status show list': looks,
      'env build test fmt sync add remove install init lock shell': installs,
      run: runsRest,
      publish: publishes,
    },
  },
  pipenv: {
    class: 'local_mutation',
    sub: {
      'graph check --venv --where': looks,
      'install uninstall update lock sync clean': installs,
      run: runsRest,
      shell: { class: 'local_mutation' },
    },
  },
  'conda mamba micromamba': {
    class: 'local_mutation',
    sub: {
      'list info search': looks,
      'install create update upgrade activate deactivate init config clean': installs,
      'remove uninstall': { class: 'destructive', why: 'removes packages or environments' },
      env: {
        class: 'local_mutation',
        sub: {
          list: looks,
          remove: { class: 'destructive', why: 'removes an environment' },
          'create update export': installs,
        },
      },
      run: {
        class: 'local_mutation',
        values: { text: '-n --name', folder: '-p --prefix' },
        operands: 'program',
        stopsAtOperand: true,
      },
    },
  },
  'pyenv virtualenv venv': {
    class: 'local_mutation',
    why: 'makes environments',
    sub: { 'versions version which root': looks, exec: runsRest },
  },
  twine: { class: 'destructive', why: 'publishes a package', sub: { check: looks } },
  flit: { class: 'local_mutation', sub: { publish: publishes, 'build install': installs } },
  'pytest py.test tox nox coverage unittest ruff black isort flake8 pylint mypy pyright pyre pytype bandit autopep8 yapf pyupgrade vulture pydocstyle sphinx-build mkdocs jupyter nbconvert streamlit uvicorn gunicorn flask fastapi celery scrapy locust behave robot hypothesis cython maturin pre-commit cookiecutter copier dvc mlflow dbt airflow ansible-lint pip-compile pip-sync pip-audit safety towncrier bumpversion bump2version bump-my-version cz commitizen django-admin manage.py alembic':
    { class: 'local_mutation', why: 'runs a tool of the project', operands: 'text', judge: judgeTool },
}

/** `python -m tool` is that tool. */
function judgePython(call: Call): void {
  const words = call.args.map(arg => arg.text)
  if (words.length === 1 && /^(-V|-VV|--version|-h|--help)$/.test(words[0] ?? '')) {
    call.settle('read_only', 'prints its version')
    return
  }
  const module = call.args.findIndex(
    (arg, index) => /^-[A-Za-z]*m$/.test(arg.text) && !call.operands.includes(call.args[index] ?? arg),
  )
  const name = call.args[module + 1]
  if (module >= 0 && name && !call.has('-c')) {
    const rest = call.args.slice(module + 2)
    if (name.text === 'json.tool') {
      call.settle('read_only', 'prints JSON')
      const target = rest.filter(arg => !arg.text.startsWith('-'))[1]
      if (target) call.writes(target)
    } else if (
      /^(pip|pytest|build|twine|venv|black|ruff|mypy|isort|flake8|pylint|coverage|tox|nox|poetry|uv|pipx|unittest|alembic)$/.test(
        name.text,
      )
    ) {
      call.runs([name, ...rest])
    } else if (name.text === 'timeit') {
      call.unknown('timeit runs the code it is given')
    } else if (/^(zipfile|tarfile|gzip)$/.test(name.text)) {
      for (const arg of rest) if (!arg.text.startsWith('-')) call.writes(arg)
    } else if (/^(smtplib|telnetlib)/.test(name.text)) call.reaches('unknown host')
    return
  }
  const [script] = call.operands
  if (call.has('-c')) return
  if (!script || script.text === '-' || /^\/dev\/(stdin|fd)/.test(script.text)) {
    if (call.stdin.kind === 'pipe' || call.stdin.kind === 'text' || script) call.unknown('it runs the code it is given')
    return
  }
  call.reads(script)
  if (/(^|\/)manage\.py$/.test(script.text))
    judgeManage(
      call,
      call.operands.slice(1).map(arg => arg.text),
    )
}

function judgeManage(call: Call, words: readonly string[]): void {
  if (/^(flush|reset_db|sqlflush|dbshell|drop)/.test(words[0] ?? '')) call.raise('destructive', 'drops data')
  if (words[0] === 'shell' && words.some(word => word === '-c' || word === '--command'))
    call.raise('destructive', 'runs code given on the line')
}

function judgeTool(call: Call): void {
  const words = call.operands.map(arg => arg.text)
  if (call.name === 'manage.py') judgeManage(call, words)
  if (call.name === 'alembic' && words[0] === 'downgrade') call.raise('destructive', 'drops data')
  if (call.name === 'mkdocs' && words[0] === 'gh-deploy') call.raise('remote_action', 'publishes pages')
  if (call.name === 'maturin' && /^(publish|upload)$/.test(words[0] ?? ''))
    call.raise('destructive', 'publishes a package')
  if (call.name === 'dvc' && words[0] === 'push') call.raise('remote_action', 'uploads data')
  if (call.name === 'dvc' && /^(destroy|gc|remove)$/.test(words[0] ?? '')) call.raise('destructive', 'deletes data')
  if (call.name === 'celery' && words.includes('purge')) call.raise('destructive', 'drops queued work')
}
