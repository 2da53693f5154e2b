import fc from 'fast-check'

/** Destructive command lines, and the ways to write the same line differently. */
/** Lines that destroy by their very words, so that any disguise of the words still destroys. */
export const DESTRUCTIVE = [
  'rm -rf x',
  'git push --force',
  'git reset --hard',
  'dd if=/dev/zero of=/dev/sda',
  'find . -delete',
  'chmod -R 777 .',
  'sed -i s/a/b/ x',
  'npm publish',
  'kubectl delete pod x',
  'docker rm -f web',
  'sudo reboot',
  'kill -9 1',
]

type Trick = (line: string) => string

const octal = (word: string) => [...word].map(char => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`).join('')

/** Each keeps what the line does. */
export const TRICKS: Record<string, Trick> = {
  'single quotes around each word': line => line.replace(/\S+/g, word => `'${word}'`),
  'double quotes around each word': line => line.replace(/\S+/g, word => `"${word}"`),
  'empty quotes in the name': line => line.replace(/^(\w)/, `$1''`),
  'a backslash in the name': line => `\\${line}`,
  'hexadecimal name': line =>
    line.replace(/^\w+/, word => `$'${[...word].map(c => `\\x${c.charCodeAt(0).toString(16)}`).join('')}'`),
  'octal name': line => line.replace(/^\w+/, word => `$'${octal(word)}'`),
  'more blanks': line => line.replaceAll(' ', '  \t '),
  'IFS for blanks': line => line.replaceAll(' ', `\${IFS}`),
  'IFS and an empty parameter for blanks': line => line.replaceAll(' ', '$IFS$9'),
  'a brace list': line => `{${line.replaceAll(' ', ',')}}`,
  'a parameter that is never set, in the name': line => line.replace(/^(\w)/, '$1$@'),
  'an unset variable in the name': line => line.replace(/^(\w)/, `$1\${none}`),
  'a cut value': line => line.replace(/^(\S+)/, (_all, word) => `v=x${word}x; \${v:1:${word.length}}`),
  'a replaced value': line => line.replace(/^(\w)(\S*)/, (_all, a, b) => `v=_${b}; \${v/_/${a}}`),
  'other letters of a value': line => line.replace(/^(\S+)/, (_all, word) => `v=${word.toUpperCase()}; \${v,,}`),
  'an array': line => `v=(${line}); "\${v[@]}"`,
  'set and the parameters': line => `set -- ${line}; "$@"`,
  'read from a text': line => `read -r v <<< '${line.replaceAll("'", `'\\''`)}'; $v`,
  'a name printed by backticks': line => line.replace(/^(\S+)/, (_all, word) => `\`echo ${word}\``),
  'joined lines': line => line.replace(' ', ' \\\n '),
  'a variable for the name': line => line.replace(/^(\S+)/, (_all, word) => `cmd=${word}; $cmd`),
  'a variable for all': line => `cmd='${line.replaceAll("'", `'\\''`)}'; $cmd`,
  'a variable in two halves': line => line.replace(/^(\w)(\S*)/, (_all, a, b) => `a=${a}; b=${b}; $a$b`),
  'a default value': line => line.replace(/^(\S+)/, (_all, word) => `\${none:-${word}}`),
  'a substituted name': line => line.replace(/^(\S+)/, (_all, word) => `$(echo ${word})`),
  'a printed name': line => line.replace(/^(\S+)/, (_all, word) => `$(printf '${octal(word)}')`),
  'sh -c': line => `sh -c '${line.replaceAll("'", `'\\''`)}'`,
  'bash -lc': line => `bash -lc '${line.replaceAll("'", `'\\''`)}'`,
  eval: line => `eval '${line.replaceAll("'", `'\\''`)}'`,
  env: line => `env A=1 ${line}`,
  'env -S': line => `env -S "${line.replace(/["\\$`]/g, '\\$&')}"`,
  timeout: line => `timeout -k 1 5 ${line}`,
  'xargs with a place': line => `echo a | xargs -I{} ${line}`,
  exec: line => `exec ${line}`,
  'stdbuf and setsid': line => `stdbuf -oL setsid ${line}`,
  'nohup and nice': line => `nohup nice -n 5 ${line}`,
  command: line => `command ${line}`,
  time: line => `time ${line}`,
  xargs: line => `echo a | xargs ${line}`,
  'find -exec': line => `find . -exec ${line} {} +`,
  'the path of a program': line => line.replace(/^(\w)/, '/usr/bin/$1'),
  'behind a reader': line => `ls; ${line}`,
  'in the background': line => `ls & ${line} & ls`,
  'after a pipe': line => `ls | ${line}`,
  'in a subshell': line => `(${line})`,
  'in backticks of a word': line => `echo a\`${line.replace(/[\\`$]/g, '\\$&')}\``,
  'in an assignment': line => `x=$(${line})`,
  'in a default value': line => `echo "\${none:-$(${line})}"`,
  'in an arithmetic expression': line => `echo $(( $(${line}) + 1 ))`,
  'in a subscript': line => `a[$(${line})]=1`,
  'in a process substitution': line => `cat <(${line})`,
  'in a process substitution that is written to': line => `ls > >(${line})`,
  'in a case': line => `case x in *) ${line};; esac`,
  'in a loop that waits': line => `until ${line}; do ls; done`,
  'in a test': line => `[[ -n $(${line}) ]]`,
  'in the values of a loop': line => `for i in $(${line}); do ls; done`,
  'in the target of a redirection': line => `ls > "/tmp/$(${line})"`,
  'in a function of another form': line => `function f { ${line}; }; f`,
  'in a co-process': line => `coproc { ${line}; }`,
  'behind and': line => `true && ${line}`,
  'behind or': line => `false || ${line}`,
  'in a group': line => `{ ${line}; }`,
  'in a condition': line => `if ${line}; then ls; fi`,
  'in a loop': line => `for i in 1; do ${line}; done`,
  'in a function': line => `f() { ${line}; }; f`,
  'in a substitution': line => `echo $(${line})`,
  'in double quotes': line => `echo "$(${line})"`,
  'in a here-document': line => `cat <<EOF\n$(${line})\nEOF`,
  'given to a shell': line => `sh <<'EOF'\n${line}\nEOF`,
  'piped to a shell': line => `echo '${line.replaceAll("'", `'\\''`)}' | sh`,
  'with output discarded': line => `${line} >/dev/null 2>&1`,
  'with a redirection first': line => `2>/dev/null ${line}`,
  'with an assignment first': line => `A=1 B='x y' ${line}`,
  'after a comment': line => `ls # harmless\n${line}`,
  'on the second line': line => `ls\n${line}`,
  'as a trap': line => `trap '${line.replaceAll("'", `'\\''`)}' EXIT`,
  'as an alias': line => `alias l='${line.replaceAll("'", `'\\''`)}'\nl`,
  negated: line => `! ${line}`,
}

/** A word that stands for the line, in a block or a shell of its own. */
const OUTER = Object.keys(TRICKS).filter(name =>
  /^(in |given|sh -c|bash|eval|behind|after|on the|as |negated)/.test(name),
)
const INNER = Object.keys(TRICKS).filter(name => !OUTER.includes(name))

/** Lines that still destroy: disguised once, then put into up to three blocks or shells. */
export const disguisedLines = fc
  .tuple(
    fc.constantFrom(...DESTRUCTIVE),
    fc.constantFrom(...INNER),
    fc.array(fc.constantFrom(...OUTER), { minLength: 1, maxLength: 3 }),
  )
  .map(([line, first, names]) => [first, ...names].reduce((text, name) => TRICKS[name]?.(text) ?? text, line))
