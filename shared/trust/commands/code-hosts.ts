import { type Call, type Command, type CommandTable, UNKNOWN } from './command'

const looks: Command = {
  class: 'read_only',
  operands: 'text',
  values: {
    text: '-R --repo -L --limit --json --jq -q -t --template --state -s --label -l --author -A --search -S --workflow -w --branch -b',
  },
}
const acts: Command = {
  class: 'remote_action',
  why: 'changes something on the code host',
  operands: 'text',
  values: {
    text: '-t --title -b --body -R --repo -l --label -a --assignee -r --reviewer -B --base -H --head -m --milestone -p --project -n --notes',
    read: '-F --body-file --notes-file',
  },
}
const loses: Command = { class: 'destructive', why: 'changes the code host for good', operands: 'text' }
const opens: Command = { class: 'local_mutation', why: 'changes the working copy', operands: 'text' }

/** Verbs that most commands of these programs share. */
const verbs = {
  'list ls view show status diff checks watch get verify': looks,
  'create new edit comment close reopen ready review lock unlock pin unpin develop transfer fork set add sync rename enable disable run rerun mark-ready note approve revoke subscribe update-branch link unlink upload item-add item-create item-edit':
    acts,
  'delete remove rm merge archive unarchive delete-asset cancel item-delete item-archive stop': loses,
  'checkout clone download install upgrade import': opens,
}

/** GitHub, GitLab and their kin. */
export const codeHosts: CommandTable = {
  'gh glab hub tea': {
    class: 'remote_action',
    why: 'talks to the code host',
    values: { text: '-R --repo --hostname' },
    sub: {
      'issue pr mr release repo run workflow gist label ruleset project cache secret variable ssh-key gpg-key org codespace extension milestone incident ci job pipeline schedule deploy-key snippet':
        { class: 'remote_action', raises: { destructive: '--visibility' }, sub: verbs },
      auth: { class: 'destructive', why: 'uses credentials', sub: { status: looks } },
      api: {
        class: 'read_only',
        operands: 'text',
        values: {
          text: '-X --method -H --header -q --jq -t --template --cache --hostname -p --preview -f --raw-field -F --field',
          read: '--input',
        },
        judge: judgeApi,
      },
      'search browse status version help completion': looks,
      config: { class: 'local_mutation', sub: { 'get list': looks, 'set clear-cache': opens } },
      alias: {
        class: 'local_mutation',
        sub: { list: looks, 'set import delete': { class: 'destructive', why: 'defines commands' } },
      },
      attestation: { class: 'read_only', operands: 'text' },
    },
  },
  'sentry-cli jira linear': { class: 'remote_action', why: 'talks to a service' },
}

function judgeApi(call: Call): void {
  const method = call.value('-X --method')?.text.toUpperCase()
  const sends = call.has('-f --raw-field -F --field --input')
  if (method === 'DELETE' || method?.includes(UNKNOWN)) call.raise('destructive', 'deletes on the code host')
  else if (call.operands[0]?.text === 'graphql') {
    const isMutation = call.options.some(option => /(^|=)\s*mutation\b/.test(option.value?.text ?? ''))
    if (isMutation) call.raise('destructive', 'changes something on the code host')
    else if (call.has('--input') || call.options.some(option => /^query=@/.test(option.value?.text ?? '')))
      call.raise('remote_action', 'sends a query of a file')
  } else if (method ? method !== 'GET' && method !== 'HEAD' : sends) {
    call.raise('destructive', 'changes something on the code host')
  }
}
