import { argOf, type Call, type Command, type CommandTable } from './command'

const looks: Command = {
  class: 'read_only',
  operands: 'text',
  values: { text: '-f --format --filter -n --tail --since --until' },
}
const works: Command = { class: 'local_mutation', why: 'works on containers', operands: 'text' }
const deletes: Command = { class: 'destructive', why: 'deletes containers, images or data', operands: 'text' }

const execute: Command = {
  class: 'read_only',
  why: 'runs a program in a container',
  operands: 'text',
  stopsAtOperand: true,
  values: { text: '-e --env -u --user -w --workdir --env-file --index --detach-keys' },
  judge: call => runInside(call, 1),
}

const run: Command = {
  class: 'local_mutation',
  why: 'runs a container',
  operands: 'text',
  stopsAtOperand: true,
  values: {
    text: '-v --volume --mount -e --env --env-file --name -p --publish -w --workdir -u --user --entrypoint --network --net --add-host -h --hostname -l --label --platform -m --memory --cpus --restart --cap-drop --shm-size --ulimit --log-driver --log-opt --pull --tmpfs --gpus --expose --dns --ip --link --userns --uts --cgroupns --stop-signal --runtime --health-cmd',
    write: '--cidfile',
  },
  raises: { destructive: '--privileged --cap-add --device --security-opt --volumes-from' },
  judge: judgeRun,
}

const compose: Command = {
  class: 'local_mutation',
  why: 'works on containers',
  values: { read: '-f --file --env-file', text: '-p --project-name --profile', folder: '--project-directory' },
  sub: {
    'ps logs config images top ls version port events stats': looks,
    'up start stop restart build pull create pause unpause watch attach scale wait cp': works,
    down: {
      class: 'local_mutation',
      why: 'stops containers',
      operands: 'text',
      raises: { destructive: '-v --volumes --rmi' },
    },
    'rm kill': deletes,
    push: { class: 'destructive', why: 'publishes images' },
    exec: execute,
    run: {
      ...execute,
      values: {
        text: '-e --env -u --user -w --workdir --name -p --publish --entrypoint -l --label',
        folder: '-v --volume',
      },
    },
  },
}

/** Docker, Podman and their builders. */
export const containers: CommandTable = {
  'docker podman nerdctl finch': {
    class: 'local_mutation',
    why: 'works on containers',
    values: { text: '-H --host -c --context --log-level -l', folder: '--config' },
    sub: {
      'ps images logs version info inspect history stats top port diff search events help': looks,
      'build pull tag create start stop restart rename pause unpause wait attach commit save load import export update logout cp':
        {
          ...works,
          values: {
            text: '-t --tag --build-arg --target --platform --progress --label --cache-from --cache-to --secret --ssh --network -m --message -o --output',
            read: '-f --file',
          },
          judge: judgeBuild,
        },
      push: { class: 'destructive', why: 'publishes an image', operands: 'text' },
      login: { class: 'destructive', why: 'uses credentials', operands: 'text' },
      'rm rmi kill prune': deletes,
      run,
      exec: execute,
      compose,
      'image container volume network system builder context manifest plugin secret config service node swarm stack machine pod trust':
        {
          class: 'local_mutation',
          sub: {
            'ls list inspect ps images logs history show info df top stats events port diff': looks,
            'build pull tag create start stop restart use connect save load import export update pause unpause annotate init scale join deploy':
              works,
            'rm remove prune kill disconnect leave rmi reset': deletes,
            push: { class: 'destructive', why: 'publishes an image' },
            run,
            exec: execute,
          },
        },
      buildx: {
        class: 'local_mutation',
        sub: {
          'ls inspect du version': looks,
          'build bake create use imagetools': { ...works, raises: { destructive: '--push' } },
          'rm prune': deletes,
        },
      },
    },
  },
  'docker-compose podman-compose': compose,
  'buildah kaniko img': {
    class: 'local_mutation',
    sub: {
      'images containers inspect version': looks,
      'bud build from run copy add config commit pull tag': works,
      'rm rmi prune': deletes,
      push: { class: 'destructive', why: 'publishes an image' },
    },
  },
  'skopeo crane regctl oras cosign': {
    class: 'destructive',
    why: 'copies or deletes images in registries',
    sub: { 'inspect list-tags manifest digest ls verify tree catalog config': looks },
  },
  'dive trivy grype syft hadolint dockle': {
    class: 'read_only',
    operands: 'text',
    values: { write: '-o --output --file' },
  },
  'vagrant multipass lima limactl colima minikube kind k3d': {
    class: 'local_mutation',
    why: 'works on machines',
    sub: {
      'status list ls info global-status get version logs': looks,
      'up start stop halt reload create init provision launch load': works,
      'destroy delete remove prune purge': deletes,
      'ssh exec shell': { class: 'local_mutation', values: { line: '-c --command' }, operands: 'text' },
    },
  },
}

function runInside(call: Call, skip: number): void {
  const rest = call.operands.slice(skip)
  if (rest.length > 0) call.elsewhere(() => call.runs(rest))
}

const HOST_FOLDERS =
  /^(\/|\/(etc|root|home|usr|var|boot|dev|proc|sys|bin|sbin|lib|run|Users)(\/.*)?|\/var\/run\/docker\.sock)$/

function judgeRun(call: Call): void {
  for (const { name, value } of call.options) {
    if (
      /^(--pid|--ipc|--network|--net|--userns|--uts)$/.test(name) &&
      value?.text === 'host' &&
      name !== '--network' &&
      name !== '--net'
    ) {
      call.raise('destructive', `${name}=host opens the machine to the container`)
    }
  }
  for (const { name, value } of call.options) {
    if (!value || !/^(-v|--volume|--mount)$/.test(name)) continue
    const { text } = value
    const source = /(?:^|,)(?:source|src)=([^,]*)/.exec(text)?.[1] ?? text.split(':')[0] ?? ''
    if (HOST_FOLDERS.test(source)) call.raise('destructive', `the container may change ${source}`)
    else if (/^[/~.]/.test(source)) call.writes(argOf(source))
  }
  const entry = call.value('--entrypoint')
  const rest = call.operands.slice(1)
  if (entry) call.runs([entry, ...rest])
  else if (rest.length > 0) call.elsewhere(() => call.runs(rest))
}

function judgeBuild(call: Call): void {
  if (call.has('--push')) call.raise('destructive', 'publishes an image')
  if (!call.name.endsWith(' build')) return
  for (const arg of call.operands) if (!/^(https?|git)[:@]/.test(arg.text)) call.reads(arg)
}
