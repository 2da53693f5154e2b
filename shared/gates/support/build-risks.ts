import type { Problem } from '#shared/languages/language'

/** One shape of a build file that lets somebody else's code or text in. */
interface FileRule {
  kind: string
  path: RegExp
  pattern: RegExp
  certainty: Problem['certainty']
  message: string
  suggestion: string
  /** The file must say this too. */
  needs?: RegExp
}

const WORKFLOW = /(?:^|\/)\.github\/(?:workflows\/[^/]+\.ya?ml|actions\/.*\.ya?ml)$|(?:^|\/)action\.ya?ml$/
/** A Dockerfile or Containerfile, whatever stands before or behind its name. */
export const DOCKERFILE = /(?:^|\/)(?:[^/]*\.)?(?:Dockerfile|Containerfile)(?:\.[^/]*)?$/i
const NPMRC = /(?:^|\/)\.(?:npmrc|yarnrc(?:\.yml)?)$/
const PACKAGE = /(?:^|\/)package\.json$/
const PIP = /(?:^|\/)(?:[^/]*requirements[^/]*\.(?:txt|in)|pip\.conf|pyproject\.toml|Pipfile)$/

/** What an outsider may write into an issue, a comment, a branch name. */
const FROM_OUTSIDE =
  'github\\.(?:head_ref|event\\.(?:issue\\.(?:title|body)|pull_request\\.(?:title|body|head\\.(?:ref|label)|head\\.repo\\.default_branch)|comment\\.body|review\\.body|review_comment\\.body|discussion\\.(?:title|body)|head_commit\\.(?:message|author\\.(?:name|email))|commits[^}]*\\.message|pages[^}]*\\.page_name|workflow_run\\.head_branch))'
/** What those may write who may start the workflow. */
const FROM_INSIDE = '(?:github\\.event\\.)?inputs\\.\\w+|github\\.event\\.client_payload\\.\\w+'
/** A command or script with a value put into its text. */
const commandWith = (value: string) =>
  new RegExp(
    `^[ \\t]*(?:-[ \\t]+)?(?:run|script)[ \\t]*:(?:[^\\n]*|[ \\t]*[|>][^\\n]*(?:\\n(?:[ \\t]*\\n|[ \\t]{4,}[^\\n]*))*?)\\$\\{\\{[^}]*(?<![\\w.])(?:${value})[^}]*\\}\\}`,
    'gm',
  )

const RULES: readonly FileRule[] = [
  {
    kind: 'workflow-injection',
    path: WORKFLOW,
    pattern: commandWith(FROM_OUTSIDE),
    certainty: 'certain',
    message: 'text that anybody can write is put into a command',
    suggestion: 'pass it through `env:` and use "$NAME" in the command',
  },
  {
    kind: 'workflow-injection',
    path: WORKFLOW,
    pattern: commandWith(FROM_INSIDE),
    certainty: 'likely',
    message: 'an input is put into a command, and may hold another one',
    suggestion: 'pass it through `env:` and use "$NAME" in the command',
  },
  {
    kind: 'workflow-untrusted-checkout',
    path: WORKFLOW,
    pattern: /ref\s*:\s*["']?\$\{\{\s*github\.event\.pull_request\.head\.(?:sha|ref)\s*\}\}/g,
    needs: /\bpull_request_target\b/,
    certainty: 'certain',
    message: 'code of a stranger is checked out where secrets are at hand',
    suggestion: 'use `pull_request`, or do not check out its head',
  },
  {
    kind: 'workflow-write-all',
    path: WORKFLOW,
    pattern: /^[ \t]*permissions\s*:\s*write-all\b/gm,
    certainty: 'likely',
    message: 'every permission is given',
    suggestion: 'name those that are needed',
  },
  {
    kind: 'workflow-floating-action',
    path: WORKFLOW,
    pattern:
      /^[ \t]*(?:-[ \t]+)?uses\s*:\s*(?!\.\/|actions\/|github\/)[\w.-]+\/[\w./-]+@(?:main|master|dev|develop|latest|HEAD)\b/gm,
    certainty: 'likely',
    message: 'this action may change under your feet',
    suggestion: 'pin it to a commit',
  },
  {
    kind: 'workflow-unsecure-commands',
    path: WORKFLOW,
    pattern: /ACTIONS_ALLOW_UNSECURE_COMMANDS["']?\s*:\s*["']?true/g,
    certainty: 'certain',
    message: 'log output can set variables',
    suggestion: 'write to $GITHUB_ENV',
  },
  {
    kind: 'workflow-secret-in-log',
    path: WORKFLOW,
    pattern: /\becho\b[^\n|>]*\$\{\{\s*secrets\.\w+\s*\}\}(?![^\n]*[|>])/g,
    certainty: 'likely',
    message: 'a secret is printed',
    suggestion: 'pass it through `env:`',
  },
  {
    kind: 'piped-installer',
    path: new RegExp(`${DOCKERFILE.source}|${WORKFLOW.source}`, 'i'),
    pattern: /\b(?:curl|wget)\b[^\n|;&]*\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b/g,
    certainty: 'likely',
    message: 'a script from the network runs unseen',
    suggestion: 'download a fixed version and check its hash',
  },
  {
    kind: 'tls-off',
    path: new RegExp(`${DOCKERFILE.source}|${WORKFLOW.source}`, 'i'),
    pattern:
      /\bcurl\b[^\n|;&]*\s(?:-[a-jl-zA-Z]*k[a-zA-Z]*|--insecure)\b|\bwget\b[^\n|;&]*--no-check-certificate|strict-ssl\s+false|http\.sslVerify\s+false|--trusted-host\b/g,
    certainty: 'likely',
    message: 'certificates are not checked',
    suggestion: 'install the right certificate',
  },
  {
    kind: 'dockerfile-secret',
    path: DOCKERFILE,
    pattern:
      /^\s*(?:ENV|ARG)\s+(?!\w*_(?:FILE|PATH|DIR|URL|NAME|ID|HEADER)\b)\w*(?:PASSWORD|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY)\w*(?:=|\s+)["']?(?![\s"'$]|$)[^\s"']{8,}/gim,
    certainty: 'likely',
    message: 'a secret becomes part of every image',
    suggestion: 'use `RUN --mount=type=secret`',
  },
  {
    kind: 'dockerfile-remote-add',
    path: DOCKERFILE,
    pattern: /^\s*ADD\s+(?!--checksum)(?:--\S+\s+)*https?:\/\/\S+/gim,
    certainty: 'likely',
    message: 'what is downloaded is not checked',
    suggestion: 'use `ADD --checksum=…`',
  },
  {
    kind: 'dockerfile-unauthenticated',
    path: DOCKERFILE,
    pattern:
      /\bapt(?:-get)?\b[^\n;&|]*(?:--allow-unauthenticated|--force-yes|Check-Valid-Until=false|AllowInsecureRepositories=true)/g,
    certainty: 'likely',
    message: 'packages are not checked',
    suggestion: 'add the key of the repository',
  },
  {
    kind: 'open-permissions',
    path: DOCKERFILE,
    pattern: /\bchmod\s+(?:-R\s+)?(?:0?777|a\+rwx)\b/g,
    certainty: 'likely',
    message: 'everybody may write here',
    suggestion: 'give the rights to the user that needs them',
  },
  {
    kind: 'tls-off',
    path: NPMRC,
    pattern: /^\s*(?:strict-ssl\s*=\s*false|enableStrictSsl\s*:\s*false)/gm,
    certainty: 'certain',
    message: 'certificates are not checked',
    suggestion: 'set `cafile`',
  },
  {
    kind: 'new-registry',
    path: NPMRC,
    pattern: /^\s*(?:@[\w.-]+:)?(?:registry\s*=|npmRegistryServer\s*:)\s*["']?https?:\/\/[\w.-]+/gm,
    certainty: 'likely',
    message: 'packages will come from another registry',
    suggestion: 'make sure that it is yours',
  },
  {
    kind: 'new-registry',
    path: PIP,
    pattern: /(?:--(?:extra-)?index-url|(?:extra-)?index-url\s*=|\bindex_url\s*=)\s*["']?https?:\/\/[\w.-]+/g,
    certainty: 'likely',
    message: 'packages will come from another index',
    suggestion: 'make sure that it is yours',
  },
  {
    kind: 'install-script',
    path: PACKAGE,
    pattern:
      /"(?:preinstall|install|postinstall)"\s*:\s*"[^"]*(?:\b(?:curl|wget)\b[^"]*\|\s*(?:ba)?sh|\bnode\s+-e\b|\beval\b|base64\s+-d)[^"]*"/g,
    certainty: 'certain',
    message: 'installing this package runs what the network says',
    suggestion: 'remove the script',
  },
  {
    kind: 'install-script',
    path: PACKAGE,
    pattern: /"(?:preinstall|install|postinstall)"\s*:\s*"[^"]+"/g,
    certainty: 'likely',
    message: 'this runs on every machine that installs the package',
    suggestion: 'make it a script that is called by name',
  },
  {
    kind: 'unencrypted-source',
    path: /(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock|uv\.lock|Pipfile\.lock|composer\.lock|Gemfile\.lock)$/,
    pattern: /["'\s](?:resolved|tarball|url|registry)["']?\s*[:=]?\s*["']?http:\/\/(?!localhost|127\.)[^\s"']+/g,
    certainty: 'certain',
    message: 'a package comes over an unencrypted connection',
    suggestion: 'use https',
  },
]

/** Surprises in workflows, Dockerfiles and manifests. */
export function findBuildRisks(text: string, path: string): Problem[] {
  const problems: Problem[] = []
  for (const rule of RULES) {
    if (!rule.path.test(path) || (rule.needs && !rule.needs.test(text))) continue
    for (const match of text.matchAll(rule.pattern)) {
      const lineStart = text.lastIndexOf('\n', match.index) + 1
      if (/^\s*(?:#|\/\/)/.test(text.slice(lineStart, match.index + 1))) continue
      const start = match.index + (match[0].length - match[0].trimStart().length)
      if (problems.some(each => start < each.end && each.start < match.index + match[0].length)) continue
      problems.push({
        kind: rule.kind,
        certainty: rule.certainty,
        key: `${rule.kind} ${match[0].trim()}`,
        start,
        end: match.index + match[0].length,
        message: rule.message,
        suggestion: rule.suggestion,
      })
    }
  }
  return problems
}
