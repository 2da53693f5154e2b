import { type Call, type Command, type CommandTable, UNKNOWN } from './command'

const looks: Command = {
  class: 'read_only',
  operands: 'text',
  values: { text: '-o --output -l --selector -c --container --tail --since --field-selector --sort-by -f --filename' },
}
const acts: Command = {
  class: 'remote_action',
  why: 'changes the cluster',
  operands: 'text',
  values: { read: '-f --filename -k --kustomize --values', text: '-l --selector --set -p --patch --type --replicas' },
  raises: { destructive: '--prune --force --replace' },
}
const loses: Command = { class: 'destructive', why: 'deletes or stops what runs in the cluster', operands: 'text' }

/** Kubernetes, Terraform, Ansible and other ways to change many machines. */
export const clusters: CommandTable = {
  'kubectl oc k k9s kubectl.exe microk8s.kubectl': {
    class: 'remote_action',
    why: 'talks to the cluster',
    values: { text: '-n --namespace --context --cluster --user -v --as', read: '--kubeconfig', host: '-s --server' },
    sub: {
      'get describe logs top explain version cluster-info api-resources api-versions diff events wait kustomize completion help':
        looks,
      auth: { class: 'read_only', sub: { 'can-i whoami': looks, reconcile: acts } },
      config: {
        class: 'read_only',
        sub: {
          'view get-contexts current-context get-clusters get-users': looks,
          'use-context set set-context set-cluster set-credentials rename-context': {
            class: 'local_mutation',
            why: 'changes which cluster is meant',
          },
          'delete-context delete-cluster delete-user unset': { class: 'destructive', why: 'forgets a cluster' },
        },
      },
      'apply create patch label annotate expose run autoscale set attach port-forward proxy cp edit certificate debug':
        acts,
      rollout: { class: 'remote_action', sub: { 'status history': looks, 'restart pause resume': acts, undo: loses } },
      'scale cordon uncordon taint': acts,
      'delete drain replace': loses,
      exec: {
        class: 'remote_action',
        why: 'runs a program in the cluster',
        operands: 'text',
        values: { text: '-c --container' },
        judge: judgeExec,
      },
    },
  },
  helm: {
    class: 'remote_action',
    values: { text: '-n --namespace --kube-context', read: '--kubeconfig' },
    sub: {
      'list ls status get history show search template lint version env help verify': {
        ...looks,
        values: { write: '--output-dir', line: '--post-renderer', read: '-f --values', text: '--set -o' },
      },
      'install upgrade': {
        class: 'remote_action',
        why: 'changes the cluster',
        operands: 'text',
        values: { line: '--post-renderer', read: '-f --values', text: '--set --version' },
        raises: { destructive: '--force' },
        looksWith: '--dry-run',
      },
      'uninstall delete rollback un del': loses,
      push: { class: 'destructive', why: 'publishes a chart' },
      'repo dependency dep pull fetch package create plugin registry': {
        class: 'local_mutation',
        why: 'works on charts',
        operands: 'text',
      },
      test: acts,
    },
  },
  'helmfile kustomize skaffold tilt flux argocd velero kubectx kubens stern istioctl linkerd eksctl kops kubeadm rancher':
    {
      class: 'remote_action',
      why: 'talks to the cluster',
      operands: 'text',
      judge: judgeVerb,
    },
  'terraform tofu terragrunt': {
    class: 'local_mutation',
    singleDash: true,
    values: { folder: '-chdir' },
    sub: {
      'show output validate version providers graph console get help metadata': { ...looks, singleDash: true },
      fmt: { class: 'local_mutation', why: 'rewrites files', singleDash: true, looksWith: '-check --check' },
      'init plan refresh test modules login': {
        class: 'local_mutation',
        why: 'reads the infrastructure',
        singleDash: true,
        values: { write: '-out' },
        operands: 'text',
      },
      'apply destroy taint untaint import force-unlock run-all': {
        class: 'destructive',
        why: 'changes infrastructure',
        singleDash: true,
      },
      state: {
        class: 'destructive',
        sub: {
          'list show pull': looks,
          'rm mv push replace-provider': { class: 'destructive', why: 'changes what is known of the infrastructure' },
        },
      },
      workspace: {
        class: 'local_mutation',
        sub: {
          'list show': looks,
          'new select': { class: 'local_mutation' },
          delete: { class: 'destructive', why: 'deletes a workspace' },
        },
      },
    },
  },
  pulumi: {
    class: 'destructive',
    why: 'changes infrastructure',
    sub: {
      'preview whoami about version logs': looks,
      stack: {
        class: 'read_only',
        sub: { 'ls output history': looks, rm: loses, 'init select': { class: 'local_mutation' } },
      },
      config: { class: 'local_mutation', operands: 'text' },
    },
  },
  cdk: {
    class: 'destructive',
    why: 'changes infrastructure',
    sub: { 'ls list synth synthesize diff doctor context docs': { class: 'local_mutation', operands: 'text' } },
  },
  'cdktf cloudformation sam copilot packer': {
    class: 'remote_action',
    why: 'changes infrastructure',
    operands: 'text',
    judge: judgeVerb,
  },
  'ansible ansible-playbook ansible-console salt salt-ssh puppet chef-client knife fab pssh pdsh': {
    class: 'destructive',
    why: 'changes other machines',
    operands: 'text',
    looksWith: '--check --syntax-check --list-hosts --list-tasks --list-tags',
  },
  'ansible-galaxy ansible-doc ansible-inventory ansible-config': { class: 'local_mutation', operands: 'text' },
  'ansible-vault sops age vault op bw pass lpass gopass': {
    class: 'destructive',
    why: 'handles secrets',
    sub: { 'status version list ls search': looks },
  },
  'nomad consul etcdctl serf boundary waypoint': {
    class: 'remote_action',
    why: 'changes the cluster',
    operands: 'text',
    judge: judgeVerb,
  },
}

function judgeExec(call: Call): void {
  const at = call.args.findIndex(arg => arg.text === '--')
  const words = at >= 0 ? call.args.slice(at + 1) : call.operands.slice(1)
  if (words.length > 0) call.elsewhere(() => call.runs(words))
}

const LOOKING =
  /^(list|ls|get|describe|show|status|version|logs|log|info|inspect|view|diff|history|validate|lint|template|build|render|members|check|help|dev|analyze|local|read|top|query|whoami|search|images|stat|count|head|lookup|resolve|wait|print)$/
const LOSING =
  /(^|-)(delete|destroy|remove|rm|uninstall|terminate|purge|drop|wipe|reset|undo|rollback|prune|kill|stop|shutdown|deregister|deprovision|revoke|disable|detach|cancel|rb|del|deprecate|release|empty|flush|force|fence|drain|leave|format|discard|abandon|evict|unlink|clear|erase|truncate|restore|replace|failover|suspend|disassociate|unassign)(-|$)/

/** A tool whose commands are verbs anywhere on the line. */
export function judgeVerb(call: Call): void {
  const words = call.operands.map(arg => arg.text)
  if (words.some(word => word === UNKNOWN)) call.raise('destructive', 'what it is told to do cannot be known')
  if (words.some(word => LOSING.test(word))) call.raise('destructive', 'deletes or stops something elsewhere')
  else if (words.length > 0 && words.slice(0, 3).some(word => LOOKING.test(word)))
    call.settle('read_only', 'only looks')
}

/** The verb of a cloud command: `aws ec2 describe-instances`, `gcloud compute instances list`. */
export function verbClass(words: readonly string[]): 'looks' | 'loses' | 'acts' {
  if (words.some(word => LOSING.test(word))) return 'loses'
  if (
    words.some(word =>
      /^(list|ls|get|describe|show|lookup|search|query|view|read|check|exists|head|scan|wait|test|validate|estimate|preview|help|tail|filter|batch-get|select|simulate|detect|print)(-|$)/.test(
        word,
      ),
    )
  )
    return 'looks'
  return 'acts'
}
