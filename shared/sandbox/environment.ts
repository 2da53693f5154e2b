/** Which variables a command gets: an allow-list, never what merely happens to be set. Source: spec/koda.md §5.6. */

type Variables = Readonly<Record<string, string | undefined>>

const ALWAYS = words(`
  HOME USER LOGNAME SHELL LANG LC_ALL LC_CTYPE LC_MESSAGES LC_COLLATE LC_NUMERIC LC_TIME TERM PATH TMPDIR TMP TEMP PWD
  HTTP_PROXY HTTPS_PROXY NO_PROXY http_proxy https_proxy no_proxy TZ NO_COLOR`)

const ALWAYS_ON_WINDOWS = words('SystemRoot ComSpec PATHEXT USERPROFILE APPDATA LOCALAPPDATA')

/** More variables for a line that names one of these programs anywhere. */
const FOR_PROGRAMS: readonly { programs: readonly string[]; variables: readonly string[] }[] = [
  {
    programs: words('cargo rustc rustup rustfmt clippy-driver'),
    variables: words('CARGO_HOME RUSTUP_HOME RUSTUP_TOOLCHAIN RUST_LOG RUST_BACKTRACE RUSTC_WRAPPER CARGO_TARGET_DIR'),
  },
  {
    programs: words('git'),
    variables: words(
      'GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL GIT_DIR GIT_WORK_TREE GIT_PAGER',
    ),
  },
  { programs: words('npm node yarn pnpm npx'), variables: words('NODE_PATH NPM_CONFIG_USERCONFIG NODE_ENV') },
  {
    programs: words('python python3 pip pip3 uv pipx poetry'),
    variables: words('PYTHONPATH VIRTUAL_ENV PYENV_ROOT PYENV_VERSION PIPX_HOME PIPX_BIN_DIR'),
  },
  { programs: words('kubectl helm k9s'), variables: words('KUBECONFIG') },
  { programs: words('docker podman'), variables: words('DOCKER_HOST DOCKER_CONFIG') },
  { programs: words('gcloud bq gsutil'), variables: words('CLOUDSDK_CONFIG CLOUDSDK_ACTIVE_CONFIG_NAME') },
  {
    programs: words('aws'),
    variables: words('AWS_CONFIG_FILE AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_SHARED_CREDENTIALS_FILE'),
  },
  { programs: words('make gmake'), variables: words('MAKEFLAGS MAKELEVEL') },
]

/** The one listed name that contains such a word: it names a file, it does not hold what is in it. */
const NAMES_A_FILE = 'AWS_SHARED_CREDENTIALS_FILE'

const SECRET_NAME = /KEY|SECRET|TOKEN|PASSW|CRED/i

/** Whether a variable of this name is taken to hold a secret. */
export function isSecretName(name: string): boolean {
  return name !== NAMES_A_FILE && SECRET_NAME.test(name)
}

/**
 * The environment for a command line.
 *
 * @param optIn names the user lists in addition; names that sound like secrets are left out all the same
 */
export function commandEnvironment(
  commandLine: string,
  env: Variables,
  optIn: readonly string[] = [],
): Record<string, string> {
  const passed: Record<string, string> = {}
  for (const name of passedNames(commandLine, optIn)) {
    const value = env[name]
    if (value !== undefined) passed[name] = value
  }
  return passed
}

function passedNames(commandLine: string, optIn: readonly string[]): string[] {
  const used = mentionedPrograms(commandLine)
  const extras = FOR_PROGRAMS.filter(({ programs }) => programs.some(program => used.has(program)))
  return [
    ...ALWAYS,
    ...(process.platform === 'win32' ? ALWAYS_ON_WINDOWS : []),
    ...extras.flatMap(({ variables }) => variables),
    ...optIn.filter(name => !isSecretName(name)),
  ]
}

/**
 * Base names of all words of a line. A word that is no command counts too: what it would bring along holds no secret,
 * and a command in a place that only a real parser finds (`bash -c "cd x && cargo test"`) is not missed.
 */
function mentionedPrograms(commandLine: string): Set<string> {
  const all = commandLine.split(/[\s;|&(){}`$"'<>=]+/)
  return new Set(all.map(word => word.slice(word.lastIndexOf('/') + 1)))
}

function words(text: string): string[] {
  return text.trim().split(/\s+/)
}
