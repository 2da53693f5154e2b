import { type DangerRule, SCRIPT } from './danger-rule'

/** A text that stands there as it is. */
const JS_CONSTANT = '(?:"[^"\\n]*"|\'[^\'\\n]*\'|`[^`$]*`)'
/** The start of a string that is put together: a template with a hole, or a literal followed by `+`. */
const JS_BUILT = '(?:`[^`]*\\$\\{|"[^"\\n]*"\\s*\\+|\'[^\'\\n]*\'\\s*\\+|\\w[\\w.]*\\s*\\+\\s*["\'`])'
const PY_BUILT =
  '(?:[rb]?f(?:"{1,3}[^"\\n]*|\'{1,3}[^\'\\n]*)\\{|(?:"[^"\\n]*"|\'[^\'\\n]*\')\\s*(?:%|\\+|\\.format\\()|\\w[\\w.]*\\s*\\+\\s*["\'])'
const SQL = '\\s*(?:SELECT\\b|INSERT\\s+INTO\\b|UPDATE\\b|DELETE\\s+FROM\\b|DROP\\b|ALTER\\b)'

/** Values that become code, commands, queries, pages, paths or objects. */
export const INJECTION_RULES: readonly DangerRule[] = [
  // Code and commands made of text
  {
    kind: 'eval',
    languages: SCRIPT,
    pattern: new RegExp(`(?<![\\w.$])(?<!\\bfunction\\s+)eval\\s*\\(\\s*(?!${JS_CONSTANT}\\s*\\))(?=\\S)(?!\\))`, 'g'),
    certainty: 'certain',
    message: '`eval` runs whatever the text says',
    suggestion: 'parse the data, or look the behaviour up in a table',
  },
  {
    kind: 'new-function',
    languages: SCRIPT,
    pattern: new RegExp(`\\bnew\\s+Function\\s*\\(\\s*(?!\\)|${JS_CONSTANT}\\s*\\))`, 'g'),
    certainty: 'certain',
    message: '`new Function` runs whatever the text says',
    suggestion: 'write the function, or look the behaviour up in a table',
  },
  {
    kind: 'timer-text',
    languages: SCRIPT,
    pattern: /\bset(?:Timeout|Interval)\s*\(\s*(?:["'`][^"'`\n]*["'`]\s*[+,])/g,
    certainty: 'likely',
    message: 'a timer given text evaluates it',
    suggestion: 'give it a function',
  },
  {
    kind: 'command-injection',
    languages: SCRIPT,
    pattern: new RegExp(`(?<![\\w$]|(?<!child_process|\\bcp)\\.)exec(?:Sync)?\\s*\\(\\s*${JS_BUILT}`, 'g'),
    needs: /child_process|execa|shelljs|zx/,
    certainty: 'certain',
    message: 'a shell command is put together from values',
    suggestion: 'use execFile or spawn with an array of arguments',
  },
  {
    kind: 'shell-option',
    languages: SCRIPT,
    pattern: /\bspawn(?:Sync)?\s*\([^;]{0,300}?\bshell\s*:\s*true/g,
    needs: /child_process/,
    near: /\$\{|\+/,
    certainty: 'likely',
    message: 'a process is started through a shell',
    suggestion: 'leave `shell` out and pass arguments as an array',
  },
  {
    kind: 'vm-run',
    languages: SCRIPT,
    pattern: /\bvm\.run(?:InNewContext|InThisContext|InContext)\s*\(\s*(?!["'`])/g,
    certainty: 'likely',
    message: 'node:vm is no sandbox',
    suggestion: 'run it in a process of its own, without rights',
  },
  {
    kind: 'eval',
    languages: ['python'],
    pattern: new RegExp(
      `(?<![\\w.])(?:eval|exec)\\s*\\(\\s*(?:${PY_BUILT}|[^)\\n]*\\b(?:request\\.|input\\(|sys\\.argv|environ|recv\\())`,
      'g',
    ),
    certainty: 'certain',
    message: 'text from outside is run as code',
    suggestion: 'use ast.literal_eval or json.loads for data',
  },
  {
    kind: 'eval',
    languages: ['python'],
    pattern: /(?<![\w.])(?:eval|exec)\s*\(\s*(?!["'][^"'\n]*["']\s*[,)])(?!compile\b)[A-Za-z_]/g,
    certainty: 'likely',
    message: '`eval` and `exec` run whatever the text says',
    suggestion: 'use ast.literal_eval or json.loads for data',
  },
  {
    kind: 'command-injection',
    languages: ['python'],
    pattern: new RegExp(
      `\\b(?:os\\.(?:system|popen)|subprocess\\.getoutput|subprocess\\.getstatusoutput|commands\\.getoutput)\\s*\\(\\s*${PY_BUILT}`,
      'g',
    ),
    certainty: 'certain',
    message: 'a shell command is put together from values',
    suggestion: 'use subprocess.run with a list of arguments',
  },
  {
    kind: 'command-injection',
    languages: ['python'],
    pattern: new RegExp(
      `\\bsubprocess\\.(?:run|call|Popen|check_call|check_output)\\s*\\(\\s*${PY_BUILT}[^;]{0,300}?\\bshell\\s*=\\s*True`,
      'g',
    ),
    certainty: 'certain',
    message: 'a shell command is put together from values',
    suggestion: 'pass a list of arguments and leave `shell` out',
  },
  {
    kind: 'shell-option',
    languages: ['python'],
    pattern: /\bsubprocess\.(?:run|call|Popen|check_call|check_output)\s*\(\s*[A-Za-z_][^;]{0,300}?\bshell\s*=\s*True/g,
    certainty: 'likely',
    message: 'a process is started through a shell',
    suggestion: 'pass a list of arguments and leave `shell` out',
  },
  {
    kind: 'command-injection',
    languages: ['go'],
    pattern:
      /\bexec\.Command(?:Context)?\s*\((?:\s*\w+\s*,)?\s*"(?:\/bin\/)?(?:ba|z|da)?sh"\s*,\s*"-c"\s*,\s*(?:fmt\.Sprintf\s*\(|"[^"\n]*"\s*\+|`[^`]*`\s*\+|\w[\w.]*\s*\+)/g,
    certainty: 'certain',
    message: 'a shell command is put together from values',
    suggestion: 'call the program itself with separate arguments',
  },
  {
    kind: 'shell-option',
    languages: ['go'],
    pattern:
      /\bexec\.Command(?:Context)?\s*\((?:\s*\w+\s*,)?\s*"(?:\/bin\/)?(?:ba|z|da)?sh"\s*,\s*"-c"\s*,\s*[A-Za-z_][\w.]*\s*\)/g,
    certainty: 'likely',
    message: 'a process is started through a shell',
    suggestion: 'call the program itself with separate arguments',
  },
  {
    kind: 'command-injection',
    languages: ['rust'],
    pattern:
      /Command::new\s*\(\s*"(?:\/bin\/)?(?:ba|z|da)?sh"\s*\)[\s\S]{0,80}?\.arg\s*\(\s*"-c"\s*\)\s*\.arg\s*\(\s*&?format!/g,
    certainty: 'certain',
    message: 'a shell command is put together from values',
    suggestion: 'start the program itself and pass arguments with `.arg`',
  },

  // Queries and pages made of text
  {
    kind: 'sql-injection',
    languages: SCRIPT,
    pattern: new RegExp(
      `\\b(?:query|execute|raw|exec|run|all|get|\\$queryRawUnsafe|\\$executeRawUnsafe)\\s*\\(\\s*(?:\`${SQL}[^\`]*\\$\\{|(?:"${SQL}[^"\\n]*"|'${SQL}[^'\\n]*')\\s*\\+)`,
      'gi',
    ),
    certainty: 'likely',
    message: 'a query is put together from values',
    suggestion: 'use parameters of the query',
  },
  {
    kind: 'sql-injection',
    languages: ['python'],
    pattern: new RegExp(
      `\\.(?:execute|executemany|executescript|raw|query)\\s*\\(\\s*(?:text\\s*\\(\\s*)?(?:[rb]?f(?:"{1,3}${SQL}[^"]*|'{1,3}${SQL}[^']*)\\{|(?:"{1,3}${SQL}[^"]*"{1,3}|'{1,3}${SQL}[^']*'{1,3})\\s*(?:%|\\+|\\.format\\())`,
      'gi',
    ),
    certainty: 'likely',
    message: 'a query is put together from values',
    suggestion: 'use parameters of the query',
  },
  {
    kind: 'sql-injection',
    languages: ['go'],
    pattern: new RegExp(
      `\\.(?:Query|QueryRow|Exec|Raw|Prepare)(?:Context)?\\s*\\((?:\\s*\\w+\\s*,)?\\s*(?:fmt\\.Sprintf\\s*\\(\\s*["\`]${SQL}[^"\`]*%[svq]|["\`]${SQL}[^"\`]*["\`]\\s*\\+)`,
      'gi',
    ),
    certainty: 'likely',
    message: 'a query is put together from values',
    suggestion: 'use parameters of the query',
  },
  {
    kind: 'sql-injection',
    languages: ['rust'],
    pattern: new RegExp(
      `\\b(?:query(?:_as|_scalar)?|execute|prepare|sql_query)\\s*\\(\\s*&?format!\\s*\\(\\s*"${SQL}`,
      'gi',
    ),
    certainty: 'likely',
    message: 'a query is put together from values',
    suggestion: 'use bound parameters',
  },
  {
    kind: 'html-injection',
    languages: SCRIPT,
    pattern:
      /\.(?:innerHTML|outerHTML)\s*\+?=\s*(?!["'`][^"'`$]*["'`]\s*[;\n])(?=\S)|\binsertAdjacentHTML\s*\([^,]+,\s*(?!["'`][^"'`$]*["'`])|\bdocument\.write(?:ln)?\s*\(\s*(?!["'`][^"'`$]*["'`])|dangerouslySetInnerHTML\s*=/g,
    certainty: 'likely',
    message: 'text becomes markup without being escaped',
    suggestion: 'set textContent, or sanitise it first',
  },
  {
    kind: 'html-injection',
    languages: ['python'],
    pattern: /\b(?:mark_safe|Markup)\s*\(\s*(?:f["']|(?:"[^"\n]*"|'[^'\n]*')\s*(?:%|\+|\.format))/g,
    certainty: 'likely',
    message: 'text becomes markup without being escaped',
    suggestion: 'use format_html, or let the template escape it',
  },
  {
    kind: 'html-injection',
    languages: ['go'],
    pattern: /\btemplate\.(?:HTML|JS|URL)\s*\(\s*(?!["`])/g,
    certainty: 'likely',
    message: 'text becomes markup without being escaped',
    suggestion: 'let html/template escape it',
  },

  // Paths from outside
  {
    kind: 'path-traversal',
    languages: SCRIPT,
    pattern:
      /\b(?:readFile(?:Sync)?|writeFile(?:Sync)?|createReadStream|createWriteStream|sendFile|unlink(?:Sync)?|path\.join|path\.resolve)\s*\([^;\n]{0,120}\breq(?:uest)?\.(?:params|query|body|headers)\b/g,
    certainty: 'likely',
    message: 'a path comes from the request',
    suggestion: 'resolve it and check that it stays inside its folder',
  },
  {
    kind: 'path-traversal',
    languages: ['python'],
    pattern:
      /(?<![\w.])(?:open|send_file|FileResponse|os\.path\.join|Path)\s*\([^;\n]{0,120}\brequest\.(?:args|form|GET|POST|values|json|query_params|path_params)\b/g,
    certainty: 'likely',
    message: 'a path comes from the request',
    suggestion: 'resolve it and check that it stays inside its folder',
  },
  {
    kind: 'path-traversal',
    languages: ['go'],
    pattern:
      /\b(?:os\.(?:Open|ReadFile|Create|Remove|OpenFile)|ioutil\.ReadFile|http\.ServeFile|filepath\.Join)\s*\([^;\n]{0,120}\br(?:eq)?\.(?:URL\.Query|FormValue|PathValue|PostFormValue)\b/g,
    certainty: 'likely',
    message: 'a path comes from the request',
    suggestion: 'use os.Root, or check that it stays inside its folder',
  },
  {
    kind: 'archive-traversal',
    languages: ['python'],
    pattern: /\.extractall\s*\((?![^)]*\bfilter\s*=)/g,
    needs: /tarfile/,
    certainty: 'likely',
    message: 'an archive may write outside the folder',
    suggestion: "pass filter='data'",
  },

  // Data that becomes objects
  {
    kind: 'unsafe-deserialisation',
    languages: ['python'],
    pattern:
      /\b(?:pickle|cPickle|dill|marshal|jsonpickle|shelve)\.(?:loads?|decode|Unpickler)\s*\([^)\n]*\b(?:request|recv|body|payload|cookies?|response|data)\b/g,
    certainty: 'likely',
    message: 'unpickling runs what the data says',
    suggestion: 'use json',
  },
  {
    kind: 'unsafe-deserialisation',
    languages: ['python'],
    pattern:
      /\byaml\.(?:load|load_all)\s*\((?![^)]*\b(?:Safe|CSafe|Base)Loader\b)[^)\n]*\)|\byaml\.unsafe_load(?:_all)?\s*\(/g,
    certainty: 'likely',
    message: 'this loader builds any object the document names',
    suggestion: 'use yaml.safe_load',
  },
  {
    kind: 'unsafe-deserialisation',
    languages: ['python'],
    pattern: /\btorch\.load\s*\((?![^)]*weights_only\s*=\s*True)[^)\n]*\bweights_only\s*=\s*False/g,
    certainty: 'likely',
    message: 'loading this way runs what the file says',
    suggestion: 'weights_only=True',
  },
  {
    kind: 'unsafe-deserialisation',
    languages: SCRIPT,
    pattern: /\b(?:serialize|nodeSerialize)\.unserialize\s*\(/g,
    needs: /node-serialize/,
    certainty: 'certain',
    message: 'unserialize runs functions in the data',
    suggestion: 'use JSON.parse',
  },
]
