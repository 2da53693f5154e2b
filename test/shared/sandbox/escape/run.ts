/** Runs every attempt, in the sandbox and without it, as whoever runs this; prints what came of each as JSON. */
import { spawn, spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import {
  closeSync,
  existsSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { nodeProcesses } from '#shared/host/node/processes'
import { openSandbox } from '#shared/sandbox/open'
import { ATTEMPTS, type Attempt } from './attempts'

export interface Outcome {
  category: string
  name: string
  confined: 'contained' | 'escaped'
  /** Undefined: not tried, `noControl` says why. */
  control: 'escaped' | 'failed' | undefined
  noControl: string | undefined
  notContained: string | undefined
  output: string
  durationMs: number
}

const [base = '', only] = process.argv.slice(2)
const isRoot = process.getuid?.() === 0
const SECRET = 'a-secret-of-the-parent'

const MB = 1024 * 1024
const TINY_LIMITS = {
  processes: 60,
  memoryBytes: 200 * MB,
  fileBytes: 20 * MB,
  diskBytes: 50 * MB,
  outputBytes: 5 * MB,
}

const reached = createServer(socket => socket.end('ESCAPED\n')).listen(0, '127.0.0.1')
const datagrams = createSocket('udp4', (_, from) => datagrams.send('ESCAPED\n', from.port, from.address)).bind(
  0,
  '127.0.0.1',
)
await pause(50)

const taken = new Set<number>()
const template = join(base, 'template')
buildWorld(template)
const wanted = [...ATTEMPTS.entries()].filter(
  ([, { category, name, onlyOn }]) =>
    (onlyOn === undefined || onlyOn === process.arch) && (!only || `${category}: ${name}`.includes(only)),
)
const outcomes: Outcome[] = []
// Side by side, but for those that go for the whole machine or for the one descriptor that we inherited.
const isAlone = ({ category, script }: Attempt) => category === 'bombs' || usesLeak(script)
await Promise.all([1, 2, 3].map(() => work(wanted.filter(([, attempt]) => !isAlone(attempt)))))
await work(wanted.filter(([, attempt]) => isAlone(attempt)))
console.log(JSON.stringify(outcomes))
reached.close()
datagrams.close()

async function work(attempts: [number, Attempt][]): Promise<void> {
  for (const [index, attempt] of attempts) {
    if (taken.has(index)) continue
    taken.add(index)
    outcomes.push(await outcomeOf(attempt, index))
  }
}

async function outcomeOf(attempt: Attempt, index: number): Promise<Outcome> {
  const { category, name, notContained } = attempt
  const noControl =
    typeof attempt.noControl === 'object' ? attempt.noControl[isRoot ? 'root' : 'user'] : attempt.noControl
  const startedAt = performance.now()
  const confined = await tryIn(`${index}-confined`, attempt, runConfined)
  const control = noControl === undefined ? await tryIn(`${index}-control`, attempt, runFreely) : undefined
  return {
    category,
    name,
    confined: confined.escaped ? 'escaped' : 'contained',
    control: control && (control.escaped ? 'escaped' : 'failed'),
    noControl,
    notContained,
    durationMs: Math.round(performance.now() - startedAt),
    output: (confined.escaped ? confined : (control ?? confined)).output,
  }
}

interface World {
  folder: string
  env: Record<string, string>
}

type Run = (world: World, attempt: Attempt) => Promise<string>

async function tryIn(name: string, attempt: Attempt, run: Run): Promise<{ escaped: boolean; output: string }> {
  const folder = join(base, name)
  await exec('cp', ['-a', template, folder])
  const mark = `kode-escape-${process.pid}-${name}`
  const victim = spawn('sleep', ['120'], { argv0: 'victim-marker', stdio: 'ignore' })
  const daemons = [join(folder, 'outside/daemon.sock'), join(folder, 'project/daemon.sock'), `\0${mark}`].map(path =>
    createServer(socket => socket.end('ESCAPED\n')).listen(path),
  )
  const tmpFile = join('/tmp', mark)
  writeFileSync(tmpFile, 'private\n')
  const world = {
    folder,
    env: {
      P: join(folder, 'project'),
      OUT: join(folder, 'outside'),
      S: join(folder, 'state'),
      HOME: join(folder, 'home'),
      PATH: `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      LEAK: process.env.LEAK ?? '',
      MARK: mark,
      TMPFILE: tmpFile,
      VICTIM: `${victim.pid}`,
      SURVIVE: `${100_000 + process.pid}${name.replace(/\D/g, '')}${run === runConfined ? 1 : 2}`,
      PORT: portOf(reached.address()),
      UDP_PORT: portOf(datagrams.address()),
    },
  }
  writeFileSync(join(world.env.P, 'attempt.sh'), attempt.script)
  const output = await run(world, attempt)
  const isProven = attempt.proof !== undefined && (await exec('bash', ['-c', attempt.proof], world.env)) === 0
  const escaped = isProven || output.includes(attempt.marker ?? 'ESCAPED')

  victim.kill('SIGKILL')
  for (const daemon of daemons) daemon.close()
  await cleanUp(world, attempt)
  return { escaped, output: output.slice(-400) }
}

async function runConfined({ folder, env }: World, attempt: Attempt): Promise<string> {
  const isBomb = attempt.category === 'bombs'
  const opened = await openSandbox({
    root: env.P!,
    stateFolder: env.S!,
    home: env.HOME!,
    processes: nodeProcesses(),
    env: { ...env, PARENT_TOKEN: SECRET },
    passVariables: Object.keys(env),
    net: attempt.category === 'sockets' ? 'allow-list' : 'none',
    ...(isBomb && { limits: TINY_LIMITS }),
    useSandbox: true,
  })
  if (!opened.ok) throw new Error(opened.error.message)
  if (opened.value.level === 'none') throw new Error(opened.value.description)
  const shown: Uint8Array[] = []
  const ended = await opened.value.run({
    command: 'bash attempt.sh',
    cwd: env.P!,
    timeoutMs: attempt.timeoutMs ?? 20_000,
    onOutput: piece => shown.push(piece.slice(-4000)),
  })
  await opened.value.close()
  if (!ended.ok) throw new Error(`${folder}: ${ended.error.message}`)
  return `${ended.value.stderr}\n${Buffer.concat(shown.slice(-50))}${ended.value.stdout}\n${ended.value.violations.join('\n')}`
}

/** Into a file, which holds all that was printed once the script is over, whoever still has it open. */
async function runFreely({ folder, env }: World): Promise<string> {
  const path = join(folder, 'printed')
  const fd = openSync(path, 'w')
  const child = spawn('bash', ['attempt.sh'], {
    cwd: env.P!,
    env: { ...env, PARENT_TOKEN: SECRET },
    stdio: ['ignore', fd, fd],
    detached: true,
    timeout: 60_000,
  })
  await new Promise(resolve => child.on('exit', resolve))
  closeSync(fd)
  if (child.pid !== undefined) endGroup(child.pid)
  return readFileSync(path, 'latin1')
}

/** Descriptor 60 is inherited, and there is one for all. */
function usesLeak(script: string): boolean {
  return /(&|fd\/)60\b/.test(script)
}

async function cleanUp({ folder, env }: World, { script }: Attempt): Promise<void> {
  if (script.includes('SURVIVE')) endSurvivors(env)
  for (const path of ['/dev/shm', '/var/tmp', '/usr/local/bin', '/tmp'].map(each => join(each, env.MARK!))) {
    if (existsSync(path)) rmSync(path)
  }
  if (existsSync(`/etc/crontab.${env.MARK}`)) rmSync(`/etc/crontab.${env.MARK}`)
  if (existsSync(env.LEAK!) && usesLeak(script)) writeFileSync(env.LEAK!, '')
  // Somebody who is just being ended may still put a file there.
  for (let tries = 0; tries < 50 && (await exec('rm', ['-rf', folder])) !== 0; tries++) await pause(100)
}

/** What a control left running in its own group; it may be over already. */
function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}

function endSurvivors(env: World['env']): void {
  const found = spawnSync('pgrep', ['-f', `^sleep ${env.SURVIVE}`], { encoding: 'utf8' }).stdout.split('\n')
  for (const pid of found.filter(each => each !== '')) process.kill(Number(pid), 'SIGKILL')
}

function exec(program: string, args: string[], env: NodeJS.ProcessEnv = process.env): Promise<number> {
  return new Promise(resolve => spawn(program, args, { stdio: 'ignore', env }).on('exit', code => resolve(code ?? 1)))
}

function portOf(address: { port: number } | string | null): string {
  return typeof address === 'object' && address ? `${address.port}` : ''
}

/** A project with everything in it that attempts go for, kode's folder, a home, and a neighbour. */
function buildWorld(folder: string): void {
  const files: Record<string, string> = {
    'project/tracked.txt': 'text\n',
    'project/package.json': '{ "scripts": { "evil": "echo evil > .git/hooks/pre-commit" } }\n',
    'project/.npmrc': 'fund=false\n',
    'project/.vscode/settings.json': '{}\n',
    'project/packages/a/.vscode/settings.json': '{}\n',
    'project/real-husky/readme': 'hooks\n',
    'project/sub/.git': 'gitdir: ../.git/modules/sub\n',
    'outside/keep/file': 'text\n',
    'outside/linked': 'text\n',
    'state/db/keys': 'sk-key\n',
    'state/logs/log': 'transcript\n',
    'state/mcp.json': '{ "token": "x" }\n',
    'home/.bashrc': '# start\n',
    'home/.config/koda/db/keys': 'sk-key\n',
  }
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  const project = join(folder, 'project')
  const git = (...args: string[]) =>
    spawnSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], {
      cwd: project,
      env: { HOME: folder, PATH: process.env.PATH ?? '' },
    })
  git('init', '-q')
  git('add', 'tracked.txt')
  git('commit', '-qm', 'start')
  const inGit: Record<string, string> = {
    'info/attributes': '',
    'modules/sub/HEAD': readFileSync(join(project, '.git/HEAD'), 'utf8'),
    'modules/sub/config': '',
    'modules/sub/hooks/x.sample': '',
    'worktrees/wt/HEAD': 'ref: refs/heads/x\n',
    'worktrees/wt/gitdir': '/nowhere/.git\n',
    'worktrees/wt/commondir': '../..\n',
  }
  for (const [path, text] of Object.entries(inGit)) {
    mkdirSync(dirname(join(project, '.git', path)), { recursive: true })
    writeFileSync(join(project, '.git', path), text)
  }
  symlinkSync('../outside', join(project, 'out-link'))
  symlinkSync('../state', join(project, 'state-link'))
  symlinkSync('real-husky', join(project, '.husky'))
  linkSync(join(folder, 'outside/linked'), join(project, 'old-hard-link'))
}
