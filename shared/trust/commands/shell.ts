import { type Arg, argOf, type Call, type CommandTable, UNKNOWN } from './command'

/** The shell's own commands, and shells as programs. */
export const shell: CommandTable = {
  ': true false test [ exit return break continue shift times umask wait jobs fg bg disown ulimit history logout suspend caller bind complete compopt compgen':
    { class: 'read_only', operands: 'text' },
  hash: { class: 'read_only', operands: 'text', judge: call => judgeOtherMeaning(call, '-p') },
  enable: { class: 'read_only', operands: 'text', judge: call => judgeOtherMeaning(call, '-f -n -d') },
  set: { class: 'read_only', operands: 'text' },
  shopt: { class: 'read_only', operands: 'text', judge: judgeShopt },
  'echo print': { class: 'read_only', operands: 'text' },
  printf: { class: 'read_only', operands: 'text', judge: assignsNamed('-v') },
  'type which whereis whence': { class: 'read_only', operands: 'text' },
  'pwd dirs': { class: 'read_only', operands: 'text' },
  cd: { class: 'read_only', operands: 'text', judge: call => call.shell.moveTo(call.operands[0]) },
  pushd: { class: 'read_only', operands: 'text', judge: call => call.shell.moveTo(call.operands[0]) },
  popd: { class: 'read_only', operands: 'text', judge: call => call.shell.moveTo(argOf('-')) },
  'export readonly declare typeset local': { class: 'read_only', operands: 'text', judge: judgeDeclaration },
  unset: { class: 'read_only', operands: 'text', judge: call => forget(call, call.operands) },
  'mapfile readarray': {
    class: 'read_only',
    operands: 'text',
    values: { line: '-C', text: '-d -n -O -s -u -c' },
    judge: call => forget(call, call.args),
  },
  'read getopts': { class: 'read_only', operands: 'text', judge: call => forget(call, call.args) },
  let: { class: 'read_only', operands: 'text', judge: judgeLet },
  alias: { class: 'read_only', operands: 'text', judge: judgeAlias },
  unalias: { class: 'read_only', operands: 'text' },
  trap: { class: 'read_only', operands: 'text', judge: judgeTrap },
  eval: { class: 'destructive', why: 'runs text as a command', operands: 'text', judge: judgeEval },
  'source .': { class: 'local_mutation', why: 'runs another script', operands: 'text', judge: judgeSource },
  'sh bash dash zsh ksh mksh ash fish rbash yash csh tcsh': {
    class: 'local_mutation',
    why: 'runs a script',
    values: { text: '-o -O +o +O', read: '--rcfile --init-file' },
    operands: 'text',
    stopsAtOperand: true,
    judge: judgeShell,
  },
  'powershell pwsh cmd wscript cscript mshta rundll32 regsvr32 osascript': {
    class: 'destructive',
    why: 'runs another shell, which is not understood here',
  },
  'nu xonsh elvish ion murex osh ysh ngs': {
    class: 'local_mutation',
    why: 'runs a script',
    operands: 'read',
    raises: { destructive: '-c --commands -e --execute' },
    judge: call => {
      if (call.operands.length === 0 && call.stdin.kind !== 'none') call.unknown('it runs the code it is given')
    },
  },
  'del erase rd format diskpart deltree vssadmin bcdedit': { class: 'destructive', why: 'deletes, in another shell' },
}

/** A name that means another program, or another builtin, from here on. */
function judgeOtherMeaning(call: Call, options: string): void {
  if (call.has(options)) call.unknown(`${call.name} gives a name another meaning`)
}

function judgeShopt(call: Call): void {
  if (call.has('-s') && call.operands.some(arg => arg.text === 'expand_aliases')) call.shell.distrust()
}

/** A variable that a command sets out of our sight. */
function forget(call: Call, names: readonly Arg[]): void {
  for (const { text } of names) if (/^[A-Za-z_]\w*$/.test(text)) call.assigns(text, argOf(UNKNOWN))
}

function assignsNamed(option: string): (call: Call) => void {
  return call => {
    const at = call.args.findIndex(arg => arg.text === option)
    const name = call.args[at + 1]
    if (at >= 0 && name) forget(call, [name])
  }
}

function judgeDeclaration(call: Call): void {
  // A name reference sets another variable than the one named.
  if (call.has('-n')) call.shell.distrust()
  for (const arg of call.operands) {
    const equals = arg.text.indexOf('=')
    if (equals > 0)
      call.assigns(arg.text.slice(0, equals).replace(/\+$/, ''), { ...arg, text: arg.text.slice(equals + 1) })
  }
}

function judgeLet(call: Call): void {
  forget(
    call,
    call.operands.map(arg => argOf(/^[A-Za-z_]\w*/.exec(arg.text)?.[0] ?? '')),
  )
}

function judgeAlias(call: Call): void {
  for (const arg of call.operands) {
    const equals = arg.text.indexOf('=')
    if (equals <= 0) continue
    const text = arg.text.slice(equals + 1)
    call.runsLine({ ...arg, text }, 'alias')
    call.shell.alias(arg.text.slice(0, equals), text)
  }
}

function judgeTrap(call: Call): void {
  const [action] = call.operands
  if (action && call.operands.length > 1 && action.text !== '') call.runsLine(action, 'trap')
}

function judgeEval(call: Call): void {
  call.shell.distrust()
  const text = call.operands.map(arg => arg.text).join(' ')
  call.runsLine({ ...argOf(text), source: text }, 'eval')
}

function judgeSource(call: Call): void {
  call.shell.distrust()
  const [script] = call.operands
  if (!script || script.text.includes(UNKNOWN) || script.text.startsWith('/dev/')) {
    call.unknown('it runs a script that cannot be known beforehand')
  } else call.reads(script)
}

function judgeShell(call: Call): void {
  const [first] = call.operands
  if (call.has('--version --help')) {
    call.settle('read_only', 'prints its version')
    return
  }
  if (call.has('-n')) {
    call.settle('read_only', 'only checks the syntax')
    if (first && !call.has('-c')) call.reads(first)
    return
  }
  const isInline = call.has('-c')
  if (isInline) {
    if (!first) return
    if (call.name === 'fish' || call.name === 'csh' || call.name === 'tcsh') {
      call.unknown(`${call.name} reads it differently`)
      return
    }
    call.settle('read_only', '')
    call.runsLine(first, `${call.name} -c`)
    return
  }
  if (first && !call.has('-s')) {
    if (first.text.includes(UNKNOWN) && /^\0/.test(first.text)) call.unknown('which script it runs cannot be known')
    else if (/^\/dev\/(stdin|fd\/)/.test(first.text)) call.unknown('it runs what another command prints')
    else call.reads(first)
    return
  }
  switch (call.stdin.kind) {
    case 'pipe':
      call.unknown('it runs what another command prints')
      return
    case 'text':
      call.settle('read_only', '')
      call.runsLine(argOf(call.stdin.text), call.name)
      return
    case 'file':
    case 'none':
      return
  }
}
