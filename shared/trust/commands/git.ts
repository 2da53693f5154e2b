import { argOf, type Call, type Command, type CommandTable, UNKNOWN } from './command'

const reads: Command = {
  class: 'read_only',
  operands: 'text',
  values: {
    write: '--output',
    text: '-n -S -G -L --format --pretty --since --until --after --before --author --grep --date --max-count -U --diff-filter --skip -O',
  },
  judge: judgeReader,
}

const writes: Command = { class: 'local_mutation', why: 'changes the repository', operands: 'text' }
const fetches: Command = { class: 'local_mutation', why: 'fetches from a remote', operands: 'text', judge: judgeFetch }

/** Git, as seen from what a command can lose or publish. */
export const git: CommandTable = {
  git: {
    class: 'local_mutation',
    why: 'runs a command of its own',
    fearsUnknown: true,
    values: {
      folder: '-C --git-dir --work-tree',
      text: '-c --namespace --config-env --super-prefix',
      write: '--exec-path',
    },
    judge: judgeUnknownCommand,
    sub: {
      'status log show shortlog describe rev-parse rev-list ls-files ls-tree blame annotate cat-file name-rev merge-base cherry whatchanged diff-tree diff-index diff-files for-each-ref show-ref show-branch count-objects fsck verify-commit verify-tag check-ignore check-attr check-mailmap check-ref-format var version help grep range-diff get-tar-commit-id column stripspace patch-id ls-remote merge-tree':
        reads,
      diff: { ...reads, judge: judgeReader },
      difftool: {
        class: 'local_mutation',
        why: 'starts another program',
        operands: 'text',
        values: { line: '-x --extcmd' },
      },
      mergetool: { class: 'local_mutation', why: 'starts another program', operands: 'text' },
      'add commit merge cherry-pick revert am apply mv init stage notes rerere pack-refs repack prune-packed multi-pack-index commit-graph maintenance gc write-tree commit-tree hash-object mktag mktree update-index unpack-objects index-pack pack-objects replace sparse-checkout lfs subtree quiltimport format-patch request-pull fast-export flow town':
        {
          ...writes,
          values: {
            text: '-m --message -C --author --date -s -X --strategy --fixup --squash --reuse-message --trailer',
            read: '-F --file --pathspec-from-file',
            write: '-o --output --output-directory',
          },
          judge: judgeWriter,
        },
      'read-tree': { ...writes, raises: { destructive: '--reset' } },
      'checkout-index': { ...writes, raises: { destructive: '-f --force' } },
      bundle: { ...writes, operands: 'text', judge: judgeBundle },
      'fetch pull clone': fetches,
      push: {
        class: 'remote_action',
        why: 'publishes commits',
        operands: 'text',
        values: { text: '-o --push-option --repo', line: '--receive-pack --exec' },
        raises: { destructive: '-f --force --force-with-lease --force-if-includes -d --delete --mirror --prune' },
        looksWith: '-n --dry-run',
        judge: judgePush,
      },
      'send-pack http-push': { class: 'destructive', why: 'writes to a remote' },
      'send-email imap-send': {
        class: 'remote_action',
        why: 'sends mail',
        values: { line: '--smtp-server --sendmail-cmd' },
      },
      'checkout co': {
        class: 'local_mutation',
        why: 'switches the branch',
        operands: 'text',
        values: { text: '-b -t --track --orphan --conflict', read: '--pathspec-from-file' },
        raises: { destructive: '-f --force -B -p --patch --ours --theirs -m --merge --ignore-skip-worktree-bits' },
        judge: judgeCheckout,
      },
      switch: {
        class: 'local_mutation',
        why: 'switches the branch',
        operands: 'text',
        values: { text: '-c --create --orphan -t --track' },
        raises: { destructive: '-f --force --discard-changes -C --force-create' },
      },
      restore: {
        class: 'destructive',
        why: 'discards changes',
        operands: 'text',
        values: { text: '-s --source' },
        judge: judgeRestore,
      },
      reset: {
        class: 'local_mutation',
        why: 'moves the branch',
        operands: 'text',
        raises: { destructive: '--hard --merge --keep' },
      },
      clean: {
        class: 'destructive',
        why: 'deletes untracked files',
        operands: 'text',
        values: { text: '-e --exclude' },
        looksWith: '-n --dry-run',
      },
      rm: { class: 'local_mutation', why: 'removes files', operands: 'write', raises: { destructive: '-f --force' } },
      rebase: {
        class: 'local_mutation',
        why: 'rewrites commits',
        operands: 'text',
        values: { line: '-x --exec', text: '--onto -s -X --strategy' },
      },
      stash: {
        class: 'local_mutation',
        why: 'sets changes aside',
        bare: 'local_mutation',
        sub: {
          'list show': reads,
          'push save pop apply branch create store': { ...writes, values: { text: '-m --message' } },
          'drop clear': { class: 'destructive', why: 'discards set-aside changes' },
        },
      },
      branch: {
        class: 'read_only',
        operands: 'text',
        values: { text: '--sort --format --contains --no-contains --points-at --color --merged --no-merged' },
        raises: {
          destructive: '-D -M -C -f --force',
          local_mutation:
            '-d --delete -m --move -c --copy -u --set-upstream-to --unset-upstream --edit-description --track -t',
        },
        judge: call =>
          raiseWithOperands(
            call,
            '-l --list -a -r -v --all --remotes --contains --no-contains --merged --no-merged --points-at --show-current',
            'makes a branch',
          ),
      },
      tag: {
        class: 'read_only',
        operands: 'text',
        values: {
          text: '-m --message -F --file -u --local-user --sort --format --contains --no-contains --points-at --merged --no-merged',
        },
        raises: { destructive: '-d --delete -f --force', local_mutation: '-a -s -m --annotate --sign --message -u' },
        judge: call =>
          raiseWithOperands(
            call,
            '-l --list -n --contains --no-contains --merged --no-merged --points-at -v --verify',
            'makes a tag',
          ),
      },
      remote: {
        class: 'read_only',
        sub: {
          'show get-url -v': reads,
          'add set-url set-branches set-head update': { ...writes, judge: judgeRemoteUrl },
          rename: writes,
          'remove rm prune': writes,
        },
      },
      reflog: {
        class: 'read_only',
        operands: 'text',
        sub: { 'show exists list': reads, 'expire delete': { class: 'destructive', why: 'forgets lost commits' } },
      },
      worktree: {
        class: 'local_mutation',
        sub: {
          list: reads,
          'add move lock unlock repair': {
            class: 'local_mutation',
            why: 'makes a working copy',
            values: { text: '-b -B --reason' },
            judge: judgeWorktree,
          },
          'remove prune': {
            class: 'local_mutation',
            why: 'removes a working copy',
            operands: 'text',
            raises: { destructive: '-f --force' },
          },
        },
      },
      submodule: {
        class: 'read_only',
        operands: 'text',
        sub: {
          'status summary': reads,
          'init update sync add set-branch set-url absorbgitdirs': fetches,
          deinit: { class: 'local_mutation', operands: 'text', raises: { destructive: '-f --force --all' } },
          foreach: { class: 'read_only', operands: 'text', stopsAtOperand: true, judge: call => runJoined(call, 0) },
        },
      },
      bisect: {
        class: 'local_mutation',
        why: 'moves the working copy',
        operands: 'text',
        sub: {
          'log view visualize': reads,
          run: { class: 'local_mutation', operands: 'program', stopsAtOperand: true },
        },
      },
      config: {
        class: 'read_only',
        operands: 'text',
        values: { write: '-f --file', text: '--type --default --comment --value' },
        judge: judgeConfig,
      },
      'filter-branch filter-repo': { class: 'destructive', why: 'rewrites all history', operands: 'text' },
      'update-ref': {
        class: 'local_mutation',
        why: 'moves a reference',
        operands: 'text',
        raises: { destructive: '-d --delete --stdin' },
      },
      'symbolic-ref': {
        class: 'read_only',
        operands: 'text',
        values: { text: '-m' },
        raises: { destructive: '-d --delete' },
        judge: call => {
          if (call.operands.length > 1) call.raise('local_mutation', 'moves a reference')
        },
      },
      archive: {
        class: 'local_mutation',
        values: { line: '--exec', write: '-o --output', text: '--format --prefix --remote' },
      },
      prune: { class: 'destructive', why: 'forgets lost commits', looksWith: '-n --dry-run' },
      'daemon instaweb http-backend upload-pack receive-pack shell serve credential credential-store credential-cache':
        { class: 'destructive', why: 'serves or stores credentials' },
      'fast-import svn p4 cvsimport cvsexportcommit': { class: 'destructive', why: 'rewrites the repository' },
    },
  },
  'gitk tig lazygit gitui': { class: 'local_mutation', why: 'opens a program' },
  'git-lfs git-crypt git-secret': { class: 'local_mutation', why: 'changes the repository' },
}

/** Configuration given on the command line runs programs, like `-c core.pager=…`. */
const RUNNING_KEYS =
  /^(core\.(pager|editor|sshcommand|fsmonitor|hookspath|askpass|gitproxy|alternaterefscommand|attributesfile|worktree)|alias\..+|pager\..+|diff\.(external|.+\.(command|textconv))|difftool\..+\.cmd|mergetool\..+\.cmd|merge\..+\.driver|filter\..+\.(clean|smudge|process)|credential\.(helper|.+\.helper)|gpg\.(.+\.)?program|sequence\.editor|interactive\.difffilter|remote\..+\.(uploadpack|receivepack|vcs|proxy)|protocol\..*allow|init\.templatedir|include\.path|includeif\..+|http\..*proxy|ssh\.variant|browser\..+|web\.browser|man\..+\.cmd|uploadpack\.packobjectshook|sendemail\..+|url\..+\.(insteadof|pushinsteadof)|submodule\..+\.update|trailer\..+\.(cmd|command)|instaweb\..+|guitool\..+)$/i

/** Judges `-c key=value` and `git config key value`. A harmless value of a pager is still harmless. */
function judgeSetting(call: Call, key: string, value: string): void {
  if (key.includes(UNKNOWN)) {
    call.unknown('which setting it changes cannot be known')
    return
  }
  if (!RUNNING_KEYS.test(key)) return
  if (/^(core\.hookspath|core\.fsmonitor)$/i.test(key) && /^(|\/dev\/null|false|true|off|\/dev\/nul)$/.test(value))
    return
  if (/^(core\.pager|pager\..+|core\.editor|sequence\.editor|core\.askpass|diff\.external)$/i.test(key)) {
    if (value !== '') call.runsLine(argOf(value), key)
    return
  }
  if (/^alias\./i.test(key)) {
    call.runsLine(argOf(value.startsWith('!') ? value.slice(1) : `git ${value}`), key)
    return
  }
  if (value !== '') call.unknown(`${key} makes git run or trust something else`)
}

function judgeGlobalSettings(call: Call): void {
  for (const { name, value } of call.options) {
    if (!value) continue
    if (name === '--exec-path' || name === '--config-env') call.unknown(`git ${name} makes git run something else`)
    if (name !== '-c') continue
    const equals = value.text.indexOf('=')
    if (equals > 0) judgeSetting(call, value.text.slice(0, equals), value.text.slice(equals + 1))
  }
}

function judgeReader(call: Call): void {
  judgeGlobalSettings(call)
  if (call.has('--ext-diff --textconv') && !call.name.endsWith(' grep'))
    call.raise('local_mutation', 'runs the diff program of the settings')
  const pager = call.args.find(arg => /^(-O|--open-files-in-pager=)./.test(arg.text))
  if (call.name === 'git grep' && pager)
    call.runsLine({ ...pager, text: pager.text.replace(/^(-O|--open-files-in-pager=)/, '') }, 'git grep')
  if (call.name === 'git ls-remote') {
    judgeUrls(call)
    const upload = call.args.find(arg => /^--(upload-pack|exec)=/.test(arg.text))
    if (upload) call.unknown('it names the program to run')
  }
}

function judgeWriter(call: Call): void {
  judgeGlobalSettings(call)
  const expires = call.args.some(arg => /^--(prune=|expire)/.test(arg.text))
  if (call.name === 'git gc' && expires) call.raise('destructive', 'forgets lost commits')
  if (call.name === 'git lfs' && /^(prune|push)$/.test(call.operands[0]?.text ?? '')) {
    call.raise(call.operands[0]?.text === 'push' ? 'remote_action' : 'local_mutation', 'git lfs')
  }
  if (call.name === 'git subtree' && call.operands[0]?.text === 'push') call.raise('remote_action', 'publishes commits')
}

function judgeFetch(call: Call): void {
  judgeGlobalSettings(call)
  judgeUrls(call)
  if (call.args.some(arg => /^(--upload-pack|-u)(=|$)/.test(arg.text))) call.unknown('it names the program to run')
  for (const arg of call.args)
    if (/^(-c|--config)=?/.test(arg.text) && call.name === 'git clone')
      call.raise('destructive', 'git clone sets options that may run programs')
  const refspecs = call.name === 'git clone' ? [] : call.operands.slice(1)
  if (refspecs.some(arg => arg.text.startsWith('+')) || (call.has('-f --force') && call.name === 'git fetch')) {
    call.raise('destructive', 'overwrites local branches')
  }
  if (call.name === 'git pull' && call.has('-f --force')) call.raise('destructive', 'overwrites local branches')
  const target = call.operands[1]
  if (call.name === 'git clone' && target) call.writes(target)
}

function judgeUrls(call: Call): void {
  for (const { text } of call.operands) {
    if (/^(ext|fd)::/.test(text)) call.unknown('the address runs a program')
    if (/^[a-z+]+:\/\/|^[\w.-]+@[\w.-]+:/.test(text)) call.reaches(text)
  }
}

function judgeRemoteUrl(call: Call): void {
  judgeGlobalSettings(call)
  judgeUrls(call)
}

function judgePush(call: Call): void {
  judgeGlobalSettings(call)
  judgeUrls(call)
  for (const { text } of call.operands.slice(1)) {
    if (text.startsWith('+')) call.raise('destructive', 'git push +… overwrites the remote branch')
    if (text.startsWith(':')) call.raise('destructive', 'git push :… deletes the remote branch')
  }
  call.reaches(call.operands[0]?.text ?? 'origin')
}

/** Paths as operands mean their changes are discarded; branches that they are switched to. */
function judgeCheckout(call: Call): void {
  judgeGlobalSettings(call)
  const creates = call.has('-b --orphan -t --track')
  if (call.args.some(arg => arg.text === '--') || call.has('--pathspec-from-file')) {
    if (call.args.at(-1)?.text !== '--') call.raise('destructive', 'discards changes to files')
    return
  }
  if (creates) return
  const { operands } = call
  if (operands.length > 1 || operands.some(arg => looksLikePath(arg.text)))
    call.raise('destructive', 'discards changes to files')
}

function looksLikePath(text: string): boolean {
  return /^\.{1,2}$|^\.{0,2}\/|\/$|[*?]|:\/|\.[A-Za-z][A-Za-z0-9]{0,9}$/.test(text)
}

function judgeRestore(call: Call): void {
  judgeGlobalSettings(call)
  const stagedOnly = call.has('-S --staged') && !call.has('-W --worktree')
  if (stagedOnly) call.settle('local_mutation', 'unstages files')
}

function raiseWithOperands(call: Call, listing: string, reason: string): void {
  judgeGlobalSettings(call)
  if (call.operands.length > 0 && !call.has(listing)) call.raise('local_mutation', reason)
}

function judgeWorktree(call: Call): void {
  judgeGlobalSettings(call)
  if (call.name === 'git add') return
  const [folder] = call.operands
  if (folder) call.writes(folder)
}

function runJoined(call: Call, from: number): void {
  const text = call.operands
    .slice(from)
    .map(arg => arg.text)
    .join(' ')
  if (text) call.runsLine(argOf(text), call.name)
}

function judgeConfig(call: Call): void {
  judgeGlobalSettings(call)
  const words = call.operands.map(arg => arg.text)
  const verb = /^(get|list|set|unset|edit|rename-section|remove-section|get-all|get-regexp)$/.test(words[0] ?? '')
    ? words.shift()
    : undefined
  const isReading =
    verb === 'get' ||
    verb === 'list' ||
    verb?.startsWith('get-') ||
    call.has(
      '-l --list --get --get-all --get-regexp --get-urlmatch --get-color --get-colorbool --show-origin --show-scope --name-only',
    ) ||
    (verb === undefined &&
      words.length === 1 &&
      !call.has('--unset --unset-all --edit -e --add --replace-all --remove-section --rename-section'))
  if (isReading || (words.length === 0 && !call.has('-e --edit') && verb === undefined)) return
  call.raise('local_mutation', 'changes git settings')
  if (verb === 'edit' || call.has('-e --edit')) call.raise('local_mutation', 'opens an editor')
  if (call.has('--global')) call.writes(argOf('~/.gitconfig'))
  if (call.has('--system')) call.writes(argOf('/etc/gitconfig'))
  const [key, value] = words
  if (key) judgeSetting(call, key, value ?? '')
}

/** An alias or a plug-in: it may be anything the settings say. */
function judgeUnknownCommand(call: Call): void {
  judgeGlobalSettings(call)
}

function judgeBundle(call: Call): void {
  const [action, file] = call.operands
  if (!file) return
  if (action?.text === 'create') call.writes(file)
  else call.reads(file)
}
