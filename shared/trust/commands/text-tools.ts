import { type Call, type CommandTable, UNKNOWN } from './command'

/** Programs that search and reshape text. */
export const textTools: CommandTable = {
  'grep egrep fgrep ag ack ugrep': {
    class: 'read_only',
    operands: 'text then read',
    values: {
      text: '-e --regexp -A -B -C -m --max-count --include --exclude --exclude-dir --color --colour --after-context --before-context --context -G -g --ignore --type',
      read: '-f --file --exclude-from',
    },
    judge: call => runsPager(call, '--pager'),
  },
  rg: {
    class: 'read_only',
    fearsUnknown: true,
    operands: 'text then read',
    values: {
      text: '-e --regexp -A -B -C -m --max-count -g --glob --iglob -t -T --type --type-not --type-add --color --colors -r --replace --sort --sortr -j --threads -M --max-columns --max-depth -d --max-filesize --engine --encoding -E --pre-glob',
      read: '-f --file --ignore-file',
      line: '--pre --hostname-bin',
    },
  },
  sed: {
    class: 'read_only',
    fearsUnknown: true,
    operands: 'text',
    values: { text: '-e --expression -l --line-length', read: '-f --file' },
    raises: { destructive: '-i --in-place' },
    judge: judgeSed,
  },
  'awk gawk mawk nawk': {
    class: 'read_only',
    operands: 'text',
    values: { text: '-F -v --field-separator --assign -e --source', read: '-f --file -E --exec' },
    raises: {
      destructive: '-i --include -l --load',
      local_mutation: '-o -p -d --pretty-print --profile --dump-variables',
    },
    judge: judgeAwk,
  },
  'jq jaq gojq fx dasel xq': {
    class: 'read_only',
    operands: 'text then read',
    values: { text: '--arg --argjson --indent -L', read: '-f --from-file --slurpfile --rawfile' },
  },
  'yq tomlq': {
    class: 'read_only',
    operands: 'text then read',
    raises: { local_mutation: '-i --inplace --in-place -s --split-exp' },
  },
  'xmllint xsltproc': {
    class: 'read_only',
    operands: 'read',
    values: { write: '-o --output --c14n-output', text: '--xpath --param --stringparam' },
  },
  'fzf sk peco': {
    class: 'read_only',
    operands: 'text',
    values: { line: '--preview --bind-command', text: '-q --query -f --filter' },
    judge: judgeFzf,
  },
  'tldr man info apropos whatis help': {
    class: 'read_only',
    operands: 'text',
    values: { line: '-P --pager -H --html' },
  },
  'iconv recode': {
    class: 'read_only',
    operands: 'read',
    values: { text: '-f -t --from-code --to-code', write: '-o --output' },
  },
  'dos2unix unix2dos': { class: 'local_mutation', why: 'rewrites files', operands: 'write' },
  'base64 base32 uuencode uudecode': {
    class: 'read_only',
    operands: 'read',
    values: { write: '-o --output', text: '-w --wrap -b' },
  },
  'csvcut csvgrep csvlook csvstat csvsort csvjson mlr xsv qsv': {
    class: 'read_only',
    operands: 'read',
    raises: { local_mutation: '-I' },
    values: { write: '-o --output', text: '-c -d -m -r --columns' },
  },
  'patch git-apply': {
    class: 'local_mutation',
    why: 'changes files',
    values: {
      read: '-i --input',
      write: '-o --output -r --reject-file',
      folder: '-d --directory',
      text: '-p --strip -F --fuzz',
    },
    looksWith: '--dry-run',
  },
  'cloc tokei scc loc sloccount': {
    class: 'read_only',
    operands: 'read',
    values: { write: '--out --report-file --output', text: '--exclude-dir --include-lang --format -f -o -e -t' },
  },
  find: {
    class: 'read_only',
    singleDash: true,
    operands: 'read',
    values: {
      text: '-name -iname -path -ipath -wholename -regex -iregex -type -size -mtime -mmin -atime -amin -ctime -cmin -maxdepth -mindepth -perm -user -group -printf -links -inum -fstype -regextype -D -xtype -lname -uid -gid -used',
      read: '-newer -anewer -cnewer -samefile -newermt',
      write: '-fprint -fprint0 -fls',
    },
    raises: { destructive: '-delete' },
    judge: judgeFind,
  },
  'fd fdfind': {
    class: 'read_only',
    operands: 'text then read',
    values: {
      text: '-e --extension -t --type -E --exclude -d --max-depth --min-depth -S --size -c --color -j --threads --changed-within --changed-before -o --owner',
    },
    judge: judgeFd,
  },
  'locate mlocate plocate mdfind': { class: 'read_only', operands: 'text' },
}

function runsPager(call: Call, option: string): void {
  const pager = call.value(option)
  if (pager) call.runsLine(pager, `${call.name} ${option}`)
}

/** `w file`, `e command`, and the flags `w` and `e` of `s///`. */
function judgeSed(call: Call): void {
  const expressions = call.options.filter(option => /^(-e|--expression)$/.test(option.name)).map(option => option.value)
  const hasScript = expressions.length > 0 || call.has('-f --file')
  const scripts = hasScript ? expressions : call.operands.slice(0, 1)
  for (const file of hasScript ? call.operands : call.operands.slice(1)) {
    if (call.has('-i --in-place')) call.writes(file)
    else call.reads(file)
  }
  for (const script of scripts) if (script) judgeSedScript(call, script.text)
}

function judgeSedScript(call: Call, script: string): void {
  // Substitutions with their flags, whatever their delimiter.
  const rest = script.replace(
    /(^|[;{}\s\d$/,!])s([^\w\s\\])((?:\\[\s\S]|(?!\2)[\s\S])*)\2((?:\\[\s\S]|(?!\2)[\s\S])*)\2([a-zA-Z0-9]*)([^\n;}]*)/g,
    (_all, before, _delimiter, _from, _to, flags: string, tail: string) => {
      if (flags.includes('e')) call.unknown('sed runs what it substitutes')
      if (flags.includes('w'))
        call.writes({ text: tail.trim() || UNKNOWN, source: script, mayBeSeveral: false, isSubstituted: false })
      return before
    },
  )
  const written = SED_WRITE.exec(rest)?.[1]
  if (written) call.writes({ text: written.trim(), source: script, mayBeSeveral: false, isSubstituted: false })
  const commands = rest.replace(/([/|#,])(?:\\.|(?!\1)[^\\\n])*\1/g, '').replace(/\b[aic]\\?\n?[^\n]*/g, '')
  if (/(^|[;{}\s\d$!])e(\s|$|;|[a-z/])/.test(commands)) call.unknown('sed runs a command')
  const target = /(^|[;{}\s\d$!])[wW]\s*([^\s;}]+)/.exec(commands)?.[2]
  if (target) call.writes({ text: target, source: script, mayBeSeveral: false, isSubstituted: false })
  if (script.includes(UNKNOWN) && script.replaceAll(UNKNOWN, '').trim() === '')
    call.raise('local_mutation', 'its script is not known')
}

/** `w` and `W` with their addresses; the name goes on to the end of the line. */
const SED_WRITE =
  /(?:^|[;{}\n])\s*(?:(?:\d+|\$|\/(?:\\.|[^/\\\n])*\/)(?:\s*[,~]\s*(?:[+~]?\d+|\$|\/(?:\\.|[^/\\\n])*\/))?)?\s*!?\s*[wW]\s+([^\n]+)/

function judgeAwk(call: Call): void {
  const inline = call.value('-e --source')
  const hasFile = call.has('-f --file -E --exec')
  const program = inline ?? (hasFile ? undefined : call.operands[0])
  for (const file of inline || hasFile ? call.operands : call.operands.slice(1)) {
    if (!/^\w+=/.test(file.text)) call.reads(file)
  }
  if (!program) {
    if (hasFile) call.raise('local_mutation', 'runs a script')
    return
  }
  const withoutStrings = program.text
    .replace(/"(\\.|[^"\\])*"/g, '""')
    .replace(/\/(\\.|[^/\\\n])+\/(?=[\s){,;&|]|$)/g, '//')
  if (
    /\bsystem\s*\(/.test(withoutStrings) ||
    /\|&?\s*(getline|""|[A-Za-z_$])/.test(withoutStrings.replaceAll('||', ' '))
  ) {
    call.unknown('awk runs a command')
  }
  if (/\bprintf?\b[^;}\n]*>{1,2}\s*(""|[A-Za-z_$("])/.test(withoutStrings)) judgeAwkOutput(call, program.text)
  if (/@(load|include)\b|@[a-z_]\w*\s*\(/.test(withoutStrings)) call.unknown('awk loads other code')
  if (program.text.includes(UNKNOWN) && program.text.replaceAll(UNKNOWN, '').trim() === '')
    call.unknown('its program is not known')
}

function judgeAwkOutput(call: Call, program: string): void {
  const targets = [...program.matchAll(/>{1,2}\s*"([^"]*)"/g)].map(match => match[1] ?? '')
  if (targets.length === 0) targets.push(UNKNOWN)
  for (const text of targets) call.writes({ text, source: program, mayBeSeveral: false, isSubstituted: false })
}

function judgeFzf(call: Call): void {
  const binding = call.value('--bind')?.text
  if (binding && /(execute|become|reload|transform)/.test(binding)) call.unknown('fzf is bound to commands')
}

const FIND_RUNS = /^-(exec|execdir|ok|okdir)$/

function judgeFind(call: Call): void {
  if (call.args.some(arg => arg.isSubstituted && arg.mayBeSeveral && arg.text.startsWith(UNKNOWN))) {
    call.unknown('find may be given other options')
  }
  const { args } = call
  for (let at = 0; at < args.length; at++) {
    const text = args[at]?.text ?? ''
    if (text === '-fprintf') {
      const target = args[at + 1]
      if (target) call.writes(target)
    }
    if (!FIND_RUNS.test(text)) continue
    const end = args.findIndex(
      (arg, index) => index > at && (arg.text === ';' || (arg.text === '+' && args[index - 1]?.text === '{}')),
    )
    const words = args.slice(at + 1, end < 0 ? undefined : end)
    call.runs(words.map(arg => (arg.text.includes('{}') ? { ...arg, text: arg.text.replaceAll('{}', UNKNOWN) } : arg)))
    at = end < 0 ? args.length : end
  }
}

function judgeFd(call: Call): void {
  const at = call.args.findIndex(
    arg => /^(-x|-X|--exec|--exec-batch)$/.test(arg.text) || /^-[A-Za-z]*[xX]$/.test(arg.text),
  )
  const glued = call.args.find(arg => /^--exec(-batch)?=/.test(arg.text))
  if (glued) call.runsLine({ ...glued, text: glued.text.slice(glued.text.indexOf('=') + 1) }, 'fd')
  if (at < 0) return
  const words = call.args.slice(at + 1).filter(arg => arg.text !== ';')
  call.runs(
    words.map(arg =>
      /\{[^{}]*\}/.test(arg.text) ? { ...arg, text: arg.text.replaceAll(/\{[^{}]*\}/g, UNKNOWN) } : arg,
    ),
  )
}
