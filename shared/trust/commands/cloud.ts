import { verbClass } from './clusters'
import { type Call, type CommandTable, UNKNOWN } from './command'

/** The command lines of cloud providers, which name their verb among the operands. */
export const cloud: CommandTable = {
  aws: {
    class: 'remote_action',
    why: 'changes the cloud',
    operands: 'text',
    values: {
      text: '--profile --region --query --output --endpoint-url --filters --bucket --key --prefix --name --max-items',
      read: '--cli-input-json --body --template-file',
    },
    raises: { destructive: '--delete --force --no-dry-run' },
    looksWith: '--dryrun --dry-run',
    judge: judgeAws,
  },
  'gcloud gsutil bq az doctl linode-cli hcloud oci ibmcloud aliyun scw exo ovhai upctl vultr-cli cf bx tccli yc openstack nova b2 rclone s3cmd s4cmd mc azcopy':
    {
      class: 'remote_action',
      why: 'changes the cloud',
      operands: 'text',
      values: {
        text: '--project --zone --region --format --filter --subscription -g --resource-group -n --name --output -o --query --account',
      },
      judge: judgeCloud,
    },
  stripe: { class: 'remote_action', operands: 'text', judge: judgeCloud },
}

function judgeAws(call: Call): void {
  const words = call.operands.map(arg => arg.text)
  const [service, verb] = words
  if (words.includes(UNKNOWN)) call.raise('destructive', 'what it is told to do cannot be known')
  if (service === 's3') {
    if (verb === 'ls' || verb === 'presign') call.settle('read_only', 'only looks')
    else if (verb === 'rm' || verb === 'rb' || verb === 'mv') call.raise('destructive', 'deletes in the cloud')
    for (const arg of call.operands.slice(2))
      if (!arg.text.startsWith('s3://') && (verb === 'cp' || verb === 'sync')) call.reads(arg)
    const target = call.operands.at(-1)
    if (target && words.length > 3 && !target.text.startsWith('s3://')) call.writes(target)
    return
  }
  if (service === 'configure') {
    if (verb === 'list' || verb === 'get' || verb === 'list-profiles') call.settle('read_only', 'only looks')
    else call.raise('destructive', 'changes credentials')
    return
  }
  if (service === 'secretsmanager' || (service === 'ssm' && /^(send-command|start-session)$/.test(verb ?? ''))) {
    call.raise('destructive', 'handles secrets or runs commands elsewhere')
    return
  }
  judgeByVerb(call, words.slice(1, 3))
}

function judgeCloud(call: Call): void {
  const words = call.operands.map(arg => arg.text)
  if (words.includes(UNKNOWN)) call.raise('destructive', 'what it is told to do cannot be known')
  if (call.name === 'rclone') {
    if (/^(ls|lsl|lsd|lsf|lsjson|size|check|about|version|cat|tree|listremotes)$/.test(words[0] ?? ''))
      call.settle('read_only', 'only looks')
    else if (/^(sync|delete|deletefile|purge|move|moveto|rmdir|rmdirs|cleanup|dedupe|bisync)$/.test(words[0] ?? ''))
      call.raise('destructive', 'deletes elsewhere')
    return
  }
  if (call.name === 'gsutil' && words[0] === 'rsync' && call.has('-d'))
    call.raise('destructive', 'deletes in the cloud')
  if (
    /^(auth|login|logout|account)$/.test(words[0] ?? '') &&
    !/^(list|show|print-identity-token|get-access-token)$/.test(words[1] ?? '')
  ) {
    call.raise('destructive', 'changes credentials')
    return
  }
  judgeByVerb(call, words)
  if (words.includes('ssh') || words.includes('execute') || words.includes('run-command'))
    call.raise('remote_action', 'runs commands elsewhere')
}

function judgeByVerb(call: Call, words: readonly string[]): void {
  const verb = verbClass(words)
  if (verb === 'loses') call.raise('destructive', 'deletes in the cloud')
  else if (verb === 'looks') call.settle('read_only', 'only looks')
}
