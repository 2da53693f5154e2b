import { type Arg, argOf, type Call, type Command, type CommandTable, UNKNOWN } from './command'

/** A program that runs the rest of its words as another program. */
function wrapper(values: string, more: Partial<Command> = {}): Command {
  return {
    class: 'read_only',
    values: { text: values },
    operands: 'text',
    stopsAtOperand: true,
    judge: call => runRest(call, 0),
    ...more,
  }
}

function runRest(call: Call, skip: number): void {
  const rest = call.operands.slice(skip)
  if (rest.length > 0) call.runs(rest)
}

/** Programs that start other programs. */
export const wrappers: CommandTable = {
  'command builtin': wrapper('', { judge: judgeCommand }),
  'nohup setsid catchsegv linux32 linux64 unbuffer chronic noglob ifne rlwrap proxychains proxychains4 torsocks caffeinate dbus-run-session gtime':
    wrapper(''),
  coproc: wrapper(''),
  exec: wrapper('-a'),
  time: wrapper('-f --format', { values: { text: '-f --format', write: '-o --output' } }),
  nice: wrapper('-n --adjustment'),
  ionice: wrapper('-c -n -p --class --classdata'),
  chrt: wrapper('-T -P -D', { judge: call => runRest(call, 1) }),
  taskset: wrapper('', { judge: call => runRest(call, 1) }),
  setarch: wrapper('', {
    judge: call => runRest(call, call.operands[0]?.text.match(/^(i.86|x86_64|linux|aarch64)/) ? 1 : 0),
  }),
  stdbuf: wrapper('-i -o -e --input --output --error'),
  'timeout gtimeout': wrapper('-k -s --kill-after --signal', { judge: call => runRest(call, 1) }),
  prlimit: wrapper('-p --pid'),
  faketime: wrapper('-f', { judge: call => runRest(call, 1) }),
  'strace ltrace': wrapper('-e -s -p -P -E', { values: { text: '-e -s -p -P -E -u', write: '-o' } }),
  valgrind: wrapper('', { class: 'local_mutation', why: 'runs a program' }),
  'gdb lldb': {
    class: 'local_mutation',
    why: 'runs a program in a debugger',
    raises: { destructive: '-ex -x --eval-command --command --batch -o' },
  },
  'xvfb-run': wrapper('-n -s -e -f -p -w --server-num --server-args --error-file --auth-file'),
  env: wrapper('-u --unset', {
    values: { text: '-u --unset', folder: '-C --chdir', line: '-S --split-string' },
    judge: judgeEnv,
  }),
  'dotenv dotenvx': wrapper('-e -f -c -v'),
  'cross-env cross-env-shell': wrapper('', { judge: judgeEnv }),
  direnv: {
    class: 'local_mutation',
    sub: { exec: wrapper('', { judge: call => runRest(call, 1) }), 'status version': 'read_only' },
  },
  'mise asdf rtx': {
    class: 'local_mutation',
    sub: {
      'exec x': wrapper('-c', {
        values: { line: '-c --command' },
        judge: call => runRest(call, call.operands[0]?.text.includes('@') ? 1 : 0),
      }),
      'ls list current which where version doctor env': 'read_only',
    },
  },
  xargs: wrapper('-I -i -n -L -l -P -s -d -E -a --replace --max-args --max-lines --max-procs --max-chars --delimiter', {
    values: {
      text: '-I -n -L -P -s -d -E --replace --max-args --max-lines --max-procs --max-chars --delimiter -J -R -S',
      read: '-a --arg-file',
    },
    judge: judgeXargs,
  }),
  'parallel sem rush': wrapper('-j -I -a --jobs --arg-file --colsep', { judge: judgeParallel }),
  'watch viddy': wrapper('-n -i --interval', { judge: call => runJoined(call, 0) }),
  hyperfine: {
    class: 'read_only',
    values: {
      text: '-w -r -m -M -n --warmup --runs --min-runs --max-runs --command-name -L -P -D --parameter-list --parameter-scan --style -S --shell',
      line: '-p --prepare -c --cleanup -s --setup --conclude',
      write: '--export-json --export-markdown --export-csv --export-asciidoc --output',
    },
    operands: 'line',
  },
  entr: wrapper('', { judge: call => (call.has('-s') ? runJoined(call, 0) : runRest(call, 0)) }),
  'watchexec nodemon': {
    class: 'local_mutation',
    why: 'runs a program again and again',
    values: { line: '--exec -x', text: '-e --ext -w --watch -i --ignore --delay' },
    operands: 'text',
    stopsAtOperand: true,
    judge: call => {
      if (call.name === 'watchexec') runRest(call, 0)
    },
  },
  flock: wrapper('-w -E --timeout --conflict-exit-code', {
    values: { text: '-w -E --timeout --conflict-exit-code', line: '-c --command' },
    judge: judgeFlock,
  }),
  script: { class: 'local_mutation', why: 'writes a typescript', values: { line: '-c --command' }, operands: 'write' },
  'busybox toybox': wrapper('', { judge: call => runRest(call, 0) }),
  'sudo doas pkexec gsudo': {
    class: 'destructive',
    why: 'runs with all rights of the machine',
    values: { text: '-u -g -h -p -C -D -R -T -U -r -t --user --group --host --prompt --chdir --chroot' },
    operands: 'text',
    stopsAtOperand: true,
    judge: call => runRest(call, 0),
  },
  'su runuser': {
    class: 'destructive',
    why: 'runs as another user',
    values: { text: '-s -g -G -w', line: '-c --command' },
    operands: 'text',
  },
  'chroot unshare nsenter systemd-run firejail bwrap runcon setpriv capsh': {
    class: 'destructive',
    why: 'changes the walls around a program',
    operands: 'text',
    stopsAtOperand: true,
  },
  'at batch': { class: 'destructive', why: 'runs text later, out of sight', looksWith: '-l -V' },
  'tmux screen zellij': {
    class: 'local_mutation',
    why: 'runs programs out of sight',
    judge: call => {
      if (call.name === 'screen' && call.operands.length > 0) call.runs(call.operands)
    },
    sub: {
      'ls list-sessions list-windows list-panes show-options display-message capture-pane info has-session':
        'read_only',
      'new new-session new-window neww split-window splitw respawn-pane run-shell run send-keys send pipe-pane if-shell':
        {
          class: 'local_mutation',
          values: { text: '-s -n -t -x -y -F -e -l', folder: '-c' },
          operands: 'text',
          judge: judgeTmux,
        },
      'kill-session kill-server kill-window kill-pane': { class: 'destructive', why: 'ends programs' },
    },
  },
  expect: { class: 'local_mutation', why: 'drives other programs', raises: { destructive: '-c' } },
  'run-parts': { class: 'local_mutation', why: 'runs every script of a folder' },
}

function judgeCommand(call: Call): void {
  if (!call.has('-v -V')) runRest(call, 0)
}

function judgeEnv(call: Call): void {
  let at = 0
  for (const arg of call.operands) {
    const match = /^([A-Za-z_]\w*)=([\s\S]*)$/.exec(arg.text)
    if (!match) break
    at++
    const [, name = '', value = ''] = match
    call.assigns(name, { ...arg, text: value })
    if (name === 'PATH') call.raise('local_mutation', 'PATH decides which programs run')
  }
  const split = call.value('-S --split-string')
  if (split) {
    const rest = call.operands.slice(at).map(arg => arg.text)
    if (rest.length > 0) call.runsLine(argOf([split.text, ...rest].join(' ')), 'env -S')
  }
  runRest(call, at)
}

function judgeXargs(call: Call): void {
  const [program] = call.operands
  if (!program) return
  // What arrives may be options as well as names.
  const more: Arg = { text: UNKNOWN, source: '…', mayBeSeveral: true, isSubstituted: true }
  const placeholder = call.value('-I --replace')?.text
  const words = call.operands.map(arg =>
    placeholder && arg.text.includes(placeholder)
      ? { ...arg, text: arg.text.replaceAll(placeholder, UNKNOWN), isSubstituted: true }
      : arg,
  )
  call.runs(placeholder ? words : [...words, more], { kind: 'none' })
}

function judgeParallel(call: Call): void {
  const separator = call.operands.findIndex(arg => arg.text.startsWith(':::'))
  const words = separator < 0 ? call.operands : call.operands.slice(0, separator)
  if (words.length === 0) {
    call.unknown('it runs what another command prints')
    return
  }
  const text = words.map(arg => arg.text.replaceAll(/\{[^{}]*\}/g, '"$item"')).join(' ')
  call.runsLine(argOf(separator < 0 ? `${text} "$item"` : text), 'parallel')
}

function runJoined(call: Call, skip: number): void {
  const words = call.operands.slice(skip)
  if (words.length > 0) call.runsLine(argOf(words.map(arg => arg.text).join(' ')), call.name)
}

function judgeFlock(call: Call): void {
  const rest = call.operands.slice(1)
  const at = rest.findIndex(arg => arg.text === '-c' || arg.text === '--command')
  const line = rest[at + 1]
  if (at >= 0 && line) call.runsLine(line, 'flock')
  else if (rest.length > 0) call.runs(rest)
}

function judgeTmux(call: Call): void {
  if (/send/.test(call.name)) {
    const keys = call.operands.filter(arg => !/^(Enter|C-m|C-c|Space)$/.test(arg.text))
    call.runsLine(argOf(keys.map(arg => arg.text).join(' ') || ':'), 'tmux')
  } else runJoined(call, 0)
}
