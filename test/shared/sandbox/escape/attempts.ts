/** One try to get out. It escaped when its output holds ESCAPED, or when `proof`, run outside afterwards, succeeds. */
export interface Attempt {
  category: string
  name: string
  /** bash. `$P` project, `$OUT` a folder beside it, `$S` kode's own folder, `$HOME`; see world.ts. */
  script: string
  /** bash, outside. */
  proof?: string
  /** What its output holds when it escaped; `ESCAPED` without it. */
  marker?: string
  timeoutMs?: number
  /** Why it cannot work even without a sandbox; `user` and `root` where that depends on who runs it. */
  noControl?: string | { user?: string; root?: string }
  /** Why the sandbox does not hold it. */
  notContained?: string
  /** System call numbers are written out. */
  onlyOn?: 'x64'
}

const ROOT_ONLY = { user: 'needs root' }
const NOT_EVERYWHERE = 'some machines have no such file, or let not even root near it'

/** A raw system call in Perl; it escaped when the kernel took it. */
const call = (number: number, ...args: (number | string)[]) =>
  `perl -e 'my @given = (${args.join(', ')}); exit(syscall(${number}, @given) >= 0 ? 0 : 1)' && echo ESCAPED`

const socketOf = (family: number, type: number, protocol = 0) =>
  `perl -e 'socket(my $s, ${family}, ${type}, ${protocol}) or exit 1' && echo ESCAPED`

const connectTo = (path: string) =>
  `perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => ${path}) or exit 1; print <$s>'`

/** Perl: 150 children at once, of which most must live to count as an escape. */
const forks = (child: string) =>
  `my $n = 0; for (1 .. 150) { my $pid = fork; next if !defined $pid; if (!$pid) { ${child} } $n++ } select(undef, undef, undef, 1.5); print "ESCAPED\\n" if $n > 120`

type Row = [name: string, script: string, proof?: string, more?: Partial<Attempt>]

const TABLE: Record<string, Row[]> = {
  'files outside': [
    ['write a file', 'echo x > $OUT/new', 'test -e $OUT/new'],
    ['append to the shell’s start file', 'echo evil >> $HOME/.bashrc', 'grep evil $HOME/.bashrc'],
    ['delete a folder', 'rm -rf $OUT/keep', '! test -e $OUT/keep/file'],
    ['through a link made for it', 'ln -s $OUT link && echo x > link/new', 'test -e $OUT/new'],
    ['through a link that was there', 'echo x > out-link/new', 'test -e $OUT/new'],
    ['by a hard link made for it', 'ln $OUT/keep/file hard && echo evil >> hard', 'grep evil $OUT/keep/file'],
    ['move a file away', 'mv $OUT/keep/file moved', '! test -e $OUT/keep/file'],
    ['change permissions', 'chmod 777 $OUT/keep/file', 'test "$(stat -c %a $OUT/keep/file)" = 777'],
    ['truncate', 'truncate -s 0 $OUT/keep/file', '! test -s $OUT/keep/file'],
    ['overwrite in place', 'printf evil | dd of=$OUT/keep/file conv=notrunc', 'grep evil $OUT/keep/file'],
    ['change times', 'touch -d 2001-01-01 $OUT/keep/file', 'test "$(stat -c %Y $OUT/keep/file)" -lt 1000000000'],
    ['a pipe for somebody outside', 'mkfifo $OUT/pipe', 'test -p $OUT/pipe'],
    ['by way of ..', 'cd .. && echo x > outside/new', 'test -e $OUT/new'],
    ['by way of /proc/self/root', 'echo x > /proc/self/root$OUT/new', 'test -e $OUT/new'],
    ['by way of /proc/self/cwd', 'cd $OUT && echo x > /proc/self/cwd/new', 'test -e $OUT/new'],
    ['by a child’s folder', '(cd $OUT && sleep 1 & sleep 0.2; echo x > /proc/$!/cwd/new)', 'test -e $OUT/new'],
    [
      'extract an archive over it',
      'mkdir -p a/new && tar -C a -cf a.tar new && tar -C $OUT -xf a.tar',
      'test -e $OUT/new',
    ],
    [
      'git with another work tree',
      'git --work-tree=$OUT --git-dir=$P/.git checkout -f HEAD',
      'test -e $OUT/tracked.txt',
    ],
    ['read what lies in /tmp', 'cat $TMPFILE && echo ESCAPED'],
    ['write into /tmp', 'echo evil > $TMPFILE', 'grep evil $TMPFILE'],
    ['write into /dev/shm', 'echo x > /dev/shm/$MARK', 'test -e /dev/shm/$MARK'],
    ['write into /var/tmp', 'echo x > /var/tmp/$MARK', 'test -e /var/tmp/$MARK'],
    [
      'swap a folder for a link while writing',
      'mkdir d; (for i in $(seq 200); do rm -rf d; ln -s $OUT d; rm d; mkdir d; done) 2>/dev/null & for i in $(seq 400); do echo x > d/raced; done 2>/dev/null; ln -sfn $OUT e; echo x > e/raced',
      'test -e $OUT/raced',
    ],
    [
      'plant a program in PATH',
      'echo x > /usr/local/bin/$MARK',
      'test -e /usr/local/bin/$MARK',
      { noControl: ROOT_ONLY },
    ],
    ['plant a cron job', ': >> /etc/crontab.$MARK', 'test -e /etc/crontab.$MARK', { noControl: ROOT_ONLY }],
    ['poison the user’s package cache', 'mkdir -p $HOME/.npm && echo x > $HOME/.npm/new', 'test -e $HOME/.npm/new'],
    [
      'poison a tool’s cache',
      'mkdir -p $HOME/.cache/tool && echo x > $HOME/.cache/tool/new',
      'test -e $HOME/.cache/tool/new',
    ],
    [
      'a hard link that was there',
      'echo evil >> old-hard-link',
      'grep evil $OUT/linked',
      { notContained: 'it is a file of the project like any other; nothing tells where else it lies' },
    ],
  ],
  'the mount table': [
    [
      'remount writable',
      'mount -o remount,rw,bind / && echo ESCAPED',
      undefined,
      { noControl: 'would change this machine' },
    ],
    [
      'unmount a protection',
      'umount $P/.git/config && echo ESCAPED',
      undefined,
      { noControl: 'there is nothing to unmount outside' },
    ],
    [
      'mount something new',
      'mkdir m; mount -t tmpfs none m && umount m && echo ESCAPED',
      undefined,
      { noControl: ROOT_ONLY },
    ],
    ['a user namespace', 'unshare -U true && echo ESCAPED'],
    ['a mount namespace in a user namespace', 'unshare -r -m true && echo ESCAPED'],
    ['a network namespace', 'unshare -r -n true && echo ESCAPED'],
    ['a sandbox in the sandbox', 'bwrap --bind / / true && echo ESCAPED'],
    [
      'enter the namespaces of pid 1',
      'nsenter -t 1 -m -u -i -n true && echo ESCAPED',
      undefined,
      { noControl: NOT_EVERYWHERE },
    ],
    ['chroot', 'chroot / true && echo ESCAPED', undefined, { noControl: ROOT_ONLY }],
    ['fsopen', call(430, '"tmpfs"', 0), undefined, { noControl: ROOT_ONLY, onlyOn: 'x64' }],
    ['open_tree', call(428, -100, '"/"', 1), undefined, { noControl: ROOT_ONLY, onlyOn: 'x64' }],
    ['clone with new namespaces', call(56, 0x10000011, 0, 0, 0, 0), undefined, { onlyOn: 'x64' }],
    ['unshare by its number', call(272, 0x10000000), undefined, { onlyOn: 'x64' }],
  ],
  // Opened for writing, never written.
  'the kernel’s own files': [
    ['core_pattern', ': >> /proc/sys/kernel/core_pattern && echo ESCAPED', undefined, { noControl: ROOT_ONLY }],
    [
      'core_pattern through pid 1',
      ': >> /proc/1/root/proc/sys/kernel/core_pattern && echo ESCAPED',
      undefined,
      { noControl: NOT_EVERYWHERE },
    ],
    ['modprobe', ': >> /proc/sys/kernel/modprobe && echo ESCAPED', undefined, { noControl: NOT_EVERYWHERE }],
    ['sysrq-trigger', ': >> /proc/sysrq-trigger && echo ESCAPED', undefined, { noControl: NOT_EVERYWHERE }],
    ['/sys', ': >> /sys/kernel/mm/transparent_hugepage/enabled && echo ESCAPED', undefined, { noControl: ROOT_ONLY }],
    [
      'a control group',
      'for d in /sys/fs/cgroup/pids /sys/fs/cgroup; do mkdir $d/$MARK && rmdir $d/$MARK && echo ESCAPED; done',
      undefined,
      { noControl: ROOT_ONLY },
    ],
    [
      'a raw disk',
      'head -c 1 /dev/vda /dev/sda /dev/nvme0n1 > /dev/null 2>&1; for d in /dev/vda /dev/sda /dev/nvme0n1; do head -c 1 $d > byte 2> /dev/null && echo ESCAPED; done',
      undefined,
      { noControl: { user: 'needs root', root: 'not every machine has a disk of a known name' } },
    ],
    ['a device of one’s own', 'mknod disk b 254 0 && rm disk && echo ESCAPED', undefined, { noControl: ROOT_ONLY }],
    [
      'the kernel’s log',
      'dd if=/dev/kmsg of=/dev/null bs=1 count=0 && echo ESCAPED',
      undefined,
      { noControl: ROOT_ONLY },
    ],
    [
      'memory',
      ': < /dev/mem && echo ESCAPED',
      undefined,
      { noControl: { user: 'needs root', root: 'some kernels have none' } },
    ],
  ],
  'system calls': [
    ['a set-user-id program', 'cp /bin/true suid; chmod u+s suid; test -u suid && echo ESCAPED'],
    ['a set-group-id program', 'cp /bin/true sgid; chmod g+s sgid; test -g sgid && echo ESCAPED'],
    [
      'set-user-id as it is created',
      `perl -e 'use Fcntl; umask 0; sysopen(my $f, "suid", O_CREAT | O_WRONLY, 04755) or exit 1'; test -u suid && echo ESCAPED`,
    ],
    [
      'set-user-id by fchmodat2',
      `touch suid; ${call(452, -100, '"suid"', 0o4755, 0)}`,
      undefined,
      { onlyOn: 'x64', noControl: 'kernels before 6.6 have none' },
    ],
    ['openat2', call(437, -100, '"/"', '"\\0" x 24', 24), undefined, { onlyOn: 'x64' }],
    ['io_uring', call(425, 1, '"\\0" x 120'), undefined, { onlyOn: 'x64' }],
    ['a keyring', call(250, 0, -3, 1, 0, 0), undefined, { onlyOn: 'x64' }],
    ['add_key', call(248, '"user"', '"kode"', '"x"', 1, -3), undefined, { onlyOn: 'x64' }],
    [
      'bpf',
      call(321, 0, 'pack("LLLL", 2, 4, 4, 1) . "\\0" x 56', 72),
      undefined,
      { noControl: ROOT_ONLY, onlyOn: 'x64' },
    ],
    ['userfaultfd', call(323, 1), undefined, { onlyOn: 'x64' }],
    [
      'perf events',
      call(298, 'pack("LL", 1, 112) . "\\0" x 104', 0, -1, -1, 0),
      undefined,
      { onlyOn: 'x64', noControl: 'not every kernel has them for everybody' },
    ],
    ['x32', call(0x40000027), undefined, { onlyOn: 'x64', noControl: 'few kernels have them' }],
    ['AF_ALG', socketOf(38, 5), undefined, { noControl: 'not every kernel has it' }],
    ['AF_VSOCK', socketOf(40, 1), undefined, { noControl: 'not every kernel has it' }],
    ['AF_PACKET', socketOf(17, 3), undefined, { noControl: ROOT_ONLY }],
    ['AF_UNIX', socketOf(1, 1)],
    ['netlink beyond routes', socketOf(16, 3, 15)],
    ['raw packets', socketOf(2, 3, 1), undefined, { noControl: ROOT_ONLY }],
    [
      'typing into the terminal',
      `perl -e 'open(my $t, "+<", "/dev/tty") or exit 1; ioctl($t, 0x5412, "x") or exit 1' && echo ESCAPED`,
      undefined,
      { noControl: 'there is no terminal' },
    ],
    [
      'the clock',
      `perl -e 'exit(syscall(227, 0, pack("qq", time, 0)) == 0 ? 0 : 1)' && echo ESCAPED`,
      undefined,
      { noControl: 'would change this machine', onlyOn: 'x64' },
    ],
  ],
  'protected files of the project': [
    ['a git hook', 'echo evil > .git/hooks/pre-commit', 'grep evil $P/.git/hooks/pre-commit'],
    ['git config', 'git config core.fsmonitor evil', 'grep evil $P/.git/config'],
    ['git config by hand', 'echo "[core] fsmonitor = evil" >> .git/config', 'grep evil $P/.git/config'],
    ['git config renamed over', 'echo evil > c; mv -f c .git/config', 'grep evil $P/.git/config'],
    ['a hard link to git config', 'ln .git/config c && echo evil >> c', 'grep evil $P/.git/config'],
    [
      'the git folder moved and remade',
      'mv .git g; cp -r g .git; echo evil >> .git/config',
      'grep evil $P/.git/config',
    ],
    [
      'the hooks folder moved and remade',
      'mv .git/hooks h; mkdir .git/hooks; echo evil > .git/hooks/pre-commit',
      'grep evil $P/.git/hooks/pre-commit',
    ],
    [
      'the git folder deleted and remade',
      'rm -rf .git; mkdir -p .git/hooks; echo evil > .git/hooks/pre-commit',
      'grep evil $P/.git/hooks/pre-commit',
    ],
    ['git attributes', 'echo "* filter=evil" > .git/info/attributes', 'grep evil $P/.git/info/attributes'],
    ['git config for worktrees', 'echo evil > .git/config.worktree', 'grep evil $P/.git/config.worktree'],
    ['a common folder of one’s own', 'mkdir evil; echo ../evil > .git/commondir', 'test -e $P/.git/commondir'],
    [
      'a submodule’s hook',
      'echo evil > .git/modules/sub/hooks/post-checkout',
      'grep evil $P/.git/modules/sub/hooks/post-checkout',
    ],
    ['a submodule’s git file', 'mkdir evil; echo "gitdir: ../evil" > sub/.git', 'grep evil $P/sub/.git'],
    [
      'a worktree’s config',
      'echo evil > .git/worktrees/wt/config.worktree',
      'grep evil $P/.git/worktrees/wt/config.worktree',
    ],
    ['editor settings', 'echo evil > .vscode/settings.json', 'grep evil $P/.vscode/settings.json'],
    ['editor tasks', 'echo evil > .vscode/tasks.json', 'grep evil $P/.vscode/tasks.json'],
    [
      'editor settings moved and remade',
      'mv .vscode v; mkdir .vscode; echo evil > .vscode/tasks.json',
      'grep evil $P/.vscode/tasks.json',
    ],
    [
      'a package’s editor settings',
      'echo evil > packages/a/.vscode/tasks.json',
      'grep evil $P/packages/a/.vscode/tasks.json',
    ],
    [
      'a package moved and remade',
      'mv packages p; mkdir -p packages/a/.vscode; echo evil > packages/a/.vscode/tasks.json',
      'grep evil $P/packages/a/.vscode/tasks.json',
    ],
    ['behind a protected link', 'echo evil > real-husky/pre-commit', 'grep evil $P/.husky/pre-commit'],
    [
      'a protected link replaced',
      'rm .husky; mkdir .husky; echo evil > .husky/pre-commit',
      'grep evil $P/.husky/pre-commit',
    ],
    ['new editor folder', 'mkdir .idea; echo evil > .idea/x', 'test -e $P/.idea'],
    ['new MCP servers', 'echo evil > .mcp.json', 'test -e $P/.mcp.json'],
    ['new direnv file deep down', 'mkdir -p deep/er; echo evil > deep/er/.envrc', 'test -e $P/deep/er/.envrc'],
    [
      'new container definition',
      'mkdir .devcontainer; echo evil > .devcontainer/devcontainer.json',
      'test -e $P/.devcontainer',
    ],
    ['new pnpm hook', 'echo evil > .pnpmfile.cjs', 'test -e $P/.pnpmfile.cjs'],
    ['new agents of kode', 'mkdir -p .kode/agents; echo evil > .kode/agents/evil.json', 'test -e $P/.kode'],
    ['package manager settings', 'echo "script-shell=evil" >> .npmrc', 'grep evil $P/.npmrc'],
    [
      'a repository with a program in it',
      'git init -q r; git -C r config core.fsmonitor evil',
      'grep evil $P/r/.git/config',
    ],
    [
      'a git file to a folder of one’s own',
      'git init -q --bare e; git -C e config core.fsmonitor evil; mkdir s; echo "gitdir: ../e" > s/.git',
      'grep evil $P/e/config',
    ],
    [
      'the project as a bare repository',
      'mkdir objects refs; echo "ref: refs/heads/x" > HEAD; echo evil > config',
      'test -e $P/HEAD',
    ],
    ['by a package script', 'node --run evil', 'grep evil $P/.git/hooks/pre-commit'],
    [
      'later, from the background',
      '(setsid sh -c "sleep 0.3; echo evil > .git/hooks/pre-commit" &) ; sleep 0.6',
      'grep evil $P/.git/hooks/pre-commit',
    ],
  ],
  'kode’s own keys': [
    ['read', 'cat $S/db/keys && echo ESCAPED'],
    ['list', 'ls $S/db | grep keys && echo ESCAPED'],
    ['read by way of /proc/self/root', 'cat /proc/self/root$S/db/keys && echo ESCAPED'],
    [
      'read by way of /proc/1/root',
      'cat /proc/1/root$S/db/keys && echo ESCAPED',
      undefined,
      { noControl: NOT_EVERYWHERE },
    ],
    ['read through a link', 'ln -s $S/db k; cat k/keys && echo ESCAPED'],
    ['read through a link that was there', 'cat state-link/db/keys && echo ESCAPED'],
    ['write', 'echo x > $S/db/new', 'test -e $S/db/new'],
    ['move the folder away', 'mv $S/db $S/d; cat $S/d/keys && echo ESCAPED'],
    ['tokens of MCP servers', 'grep token $S/mcp.json && echo ESCAPED'],
    ['transcripts', 'cat $S/logs/log && echo ESCAPED'],
    ['the reference’s keys', 'cat $HOME/.config/koda/db/keys && echo ESCAPED'],
  ],
  'other processes': [
    [
      'end one',
      'kill -9 $VICTIM',
      'for i in 1 2 3 4 5 6 7 8; do grep -qs "^State:.[^ZX]" /proc/$VICTIM/status || exit 0; sleep 0.1; done; exit 1',
    ],
    ['read an environment', 'grep -aq a-secret-of-the-parent /proc/[0-9]*/environ && echo ESCAPED'],
    ['read a command line', 'grep -aq "victim-marke[r]" /proc/[0-9]*/cmdline && echo ESCAPED'],
    [
      'trace one',
      `perl -e 'exit(syscall(101, 16, $ENV{VICTIM} + 0, 0, 0) == 0 ? 0 : 1)' && echo ESCAPED`,
      undefined,
      { onlyOn: 'x64', noControl: 'some machines allow it to nobody' },
    ],
    ['outlive the command', 'setsid sleep $SURVIVE > /dev/null 2>&1 & sleep 0.2', 'pgrep -f "^sleep $SURVIVE"'],
    [
      'outlive it as a daemon',
      '(setsid nohup sh -c "sleep $SURVIVE" > /dev/null 2>&1 &) ; sleep 0.2',
      'pgrep -f "^sleep $SURVIVE"',
    ],
    [
      'outlive it deaf to signals',
      'setsid sh -c "trap \\"\\" TERM HUP INT; sleep $SURVIVE" > /dev/null 2>&1 & sleep 0.2',
      'pgrep -f "^sleep $SURVIVE"',
    ],
    [
      'shared memory',
      `perl -e 'defined shmget(0x6b6f0000 + $< % 0x10000, 64, 0600 | 01000) or exit 1'`,
      'key=$(printf 0x6b6f%04x $(($(id -u) % 65536))); ipcs -m | grep -q $key && ipcrm -M $key',
    ],
    ['an inherited descriptor', '{ echo evil >&60; } 2> /dev/null', 'grep -q evil $LEAK'],
    [
      'a descriptor found in /proc',
      'for f in /proc/*/fd/60; do case $(readlink $f) in "$LEAK") echo evil > $f;; esac; done 2> /dev/null',
      'grep -q evil $LEAK',
    ],
  ],
  sockets: [
    ['a daemon outside', connectTo('"$ENV{OUT}/daemon.sock"')],
    ['a daemon whose socket lies in the project', connectTo('"daemon.sock"')],
    ['a daemon without a file', connectTo('"\\0$ENV{MARK}"')],
    [
      'listen for somebody who passes descriptors (SCM_RIGHTS)',
      `perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => "own.sock", Listen => 1) or exit 1' && echo ESCAPED`,
    ],
    ['a server on this machine', 'exec 5<> /dev/tcp/127.0.0.1/$PORT; cat <&5'],
    [
      'a server on this machine, IPv6',
      'exec 5<> /dev/tcp/::1/$PORT; cat <&5',
      undefined,
      { noControl: 'it listens on IPv4' },
    ],
    [
      'UDP',
      `perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Proto => "udp", PeerAddr => "127.0.0.1:$ENV{UDP_PORT}") or exit 1; $s->send("x") or exit 1; $SIG{ALRM} = sub { exit 1 }; alarm 5; $s->recv(my $b, 99) ; print $b'`,
    ],
    [
      'the metadata service',
      'timeout 1 bash -c "exec 5<> /dev/tcp/169.254.169.254/80" && echo ESCAPED',
      undefined,
      { noControl: 'there is none here' },
    ],
    [
      'the proxy to this machine',
      `test -n "$HTTP_PROXY" && exec 5<> /dev/tcp/127.0.0.1/\${HTTP_PROXY##*:} && printf "GET http://127.0.0.1:$PORT/ HTTP/1.0\\r\\n\\r\\n" >&5 && cat <&5`,
      undefined,
      { noControl: 'there is no proxy outside' },
    ],
    [
      'the proxy to this machine by another name',
      `test -n "$HTTP_PROXY" && exec 5<> /dev/tcp/127.0.0.1/\${HTTP_PROXY##*:} && printf "CONNECT [::ffff:127.0.0.1]:$PORT HTTP/1.0\\r\\n\\r\\n" >&5 && cat <&5`,
      undefined,
      { noControl: 'there is no proxy outside' },
    ],
  ],
  secrets: [
    ['the environment', 'env | grep a-secret-of-the-parent && echo ESCAPED'],
    ['the environment of node', 'node -p "Object.values(process.env)" | grep a-secret-of-the-parent && echo ESCAPED'],
  ],
  'the terminal': [
    ['write the clipboard (OSC 52)', String.raw`printf "\033]52;c;eA==\007"`, undefined, { marker: '\u001b]52' }],
    ['set the title (OSC 2)', String.raw`printf "\033]2;evil\033\\"`, undefined, { marker: '\u001b]2' }],
    ['ask for an answer (DSR)', String.raw`printf "\033[6n"`, undefined, { marker: '\u001b[6n' }],
    ['hide text', String.raw`printf "\033[8mhidden\033[0m"`, undefined, { marker: '\u001b[8m' }],
  ],
  bombs: [
    // In Perl: bash would try for half a minute to fork what it is denied.
    ['processes', `perl -e '${forks('sleep 4; exit')}'`],
    [
      'processes that leave their parent',
      `perl -MPOSIX -e '${forks('my $inner = fork; exit 1 if !defined $inner; exit if $inner; setsid; sleep 4; exit')}'`,
    ],
    ['memory', `perl -e '$x = "x" x 300_000_000; select(undef, undef, undef, 3)' && echo ESCAPED`],
    [
      'memory of many',
      `for i in 1 2 3 4; do perl -e '$x = "x" x 70_000_000; select(undef, undef, undef, 3)' & done; wait %1 && echo ESCAPED`,
    ],
    ['one large file', 'dd if=/dev/zero of=big bs=1M count=40 2> /dev/null && echo ESCAPED'],
    [
      'many files',
      'for i in $(seq 12); do dd if=/dev/zero of=f$i bs=1M count=7 2> /dev/null; done; sync -f .; sleep 3; echo ESCAPED',
    ],
    ['output', 'head -c 30000000 /dev/zero | tr "\\\\0" x; echo; sleep 2; echo ESCAPED'],
    ['time', 'sleep 2; echo ESCAPED', undefined, { timeoutMs: 700 }],
  ],
}

/** All attempts, in order. */
export const ATTEMPTS: Attempt[] = Object.entries(TABLE).flatMap(([category, rows]) =>
  rows.map(([name, script, proof, more]) => ({ category, name, script, ...(proof && { proof }), ...more })),
)
