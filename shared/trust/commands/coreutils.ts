import { type Call, type CommandTable, UNKNOWN } from './command'

/** Files and folders: the programs every Unix has. */
export const coreutils: CommandTable = {
  'cat bat head tail wc nl tac rev stat file md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum cksum sum md5 shasum du ls dir vdir lsd exa eza cmp hexdump od strings readlink realpath basename dirname fold fmt expand unexpand col colrm column zcat bzcat xzcat zless zmore zgrep nm objdump readelf size ldd otool lsattr getfattr getfacl namei pathchk':
    { class: 'read_only', operands: 'read', values: { text: '-n -c --lines --bytes -d -f -s -w --width' } },
  xxd: { class: 'read_only', operands: 'text then write', values: { text: '-c -g -l -o -s -n -R' } },
  'less more most': {
    class: 'read_only',
    operands: 'read',
    values: { write: '-o -O --log-file --LOG-FILE' },
    judge: judgePager,
  },
  'comm diff diff3 sdiff colordiff join paste': {
    class: 'read_only',
    operands: 'read',
    values: { write: '--output -o', text: '-d --delimiters -t -e -1 -2 -j' },
  },
  'cut tr uniq look shuf tsort numfmt': {
    class: 'read_only',
    operands: 'text',
    values: { text: '-d -f -c -b --delimiter --fields -n -i -r -e --head-count', write: '--output' },
    judge: judgeText,
  },
  sort: {
    class: 'read_only',
    operands: 'read',
    fearsUnknown: true,
    values: {
      text: '-k -t -S --key --field-separator --buffer-size --parallel --batch-size --sort',
      write: '-o --output',
      read: '--files0-from --random-source',
      folder: '-T --temporary-directory',
      line: '--compress-program',
    },
  },
  'whoami hostname uname id groups logname tty arch nproc date cal uptime free vmstat iostat lscpu lsblk lsusb lspci lsmem lsof df w who last lastlog users finger getent locale localectl sw_vers system_profiler sysctl printenv tput clear reset sleep seq yes factor expr bc units ncal getconf ps pstree pgrep pidof top htop btop ncdu findmnt dmesg lsns lsmod modinfo':
    { class: 'read_only', operands: 'text', judge: judgeInformation },
  dc: { class: 'read_only', operands: 'read', values: { text: '-e --expression' }, judge: judgeCalculator },
  tree: {
    class: 'read_only',
    operands: 'read',
    values: { write: '-o', text: '-L -I -P --filelimit --charset --timefmt --sort' },
  },
  'mkdir touch mkfifo mktemp': {
    class: 'local_mutation',
    why: 'makes files or folders',
    operands: 'write',
    values: { text: '-m --mode -d -t --date -s --size --suffix --tmpdir', read: '-r --reference' },
    judge: judgeMktemp,
  },
  tee: { class: 'local_mutation', why: 'writes files', operands: 'write', judge: judgeTee },
  cp: {
    class: 'local_mutation',
    why: 'copies files',
    operands: 'copies',
    values: { text: '-S --suffix', write: '-t --target-directory' },
  },
  mv: {
    class: 'local_mutation',
    why: 'moves files',
    operands: 'write',
    judge: call => {
      if (/^\/dev\//.test(call.operands.at(-1)?.text ?? ''))
        call.raise('destructive', 'what is moved to a device is gone')
    },
    values: { text: '-S --suffix', write: '-t --target-directory' },
  },
  ln: {
    class: 'local_mutation',
    why: 'makes links',
    operands: 'text',
    values: { text: '-S --suffix', write: '-t --target-directory' },
    judge: judgeLinks,
  },
  install: {
    class: 'local_mutation',
    why: 'copies files',
    operands: 'copies',
    values: { text: '-m -o -g -S --mode --owner --group', write: '-t --target-directory' },
  },
  rename: { class: 'local_mutation', why: 'renames files', raises: { destructive: '-e' } },
  'split csplit': {
    class: 'local_mutation',
    why: 'writes pieces of a file',
    values: { text: '-l -b -n -a -d -C --lines --bytes --number -f', line: '--filter' },
    operands: 'text then write',
  },
  'rm rmdir unlink shred srm wipe trash trash-put rimraf del-cli safe-rm': {
    class: 'destructive',
    why: 'deletes files',
    operands: 'write',
  },
  truncate: {
    class: 'destructive',
    why: 'cuts files off',
    operands: 'write',
    values: { text: '-s --size', read: '-r --reference' },
  },
  dd: { class: 'destructive', why: 'writes raw data', operands: 'text', judge: judgeDd },
  'chmod chown chgrp chattr setfacl setfattr chcon xattr setcap lchown': {
    class: 'destructive',
    why: 'changes who may use files',
    operands: 'text then write',
  },
  'mkfs mke2fs mkswap fdisk sfdisk cfdisk gdisk sgdisk parted wipefs blkdiscard hdparm mdadm lvremove vgremove pvremove lvcreate cryptsetup zpool zfs btrfs badblocks fsck e2fsck tune2fs resize2fs partprobe losetup dmsetup':
    { class: 'destructive', why: 'changes disks' },
  'mount umount swapon swapoff fusermount diskutil hdiutil': {
    class: 'destructive',
    why: 'changes mounted file systems',
    judge: judgeMount,
  },
  sync: 'read_only',
  'pbcopy xclip xsel wl-copy clip pbpaste wl-paste': { class: 'local_mutation', why: 'uses the clipboard' },
  'open xdg-open start': { class: 'local_mutation', why: 'opens another program' },
  cls: { class: 'destructive', why: 'belongs to another shell' },
  'copy move ren md xcopy robocopy attrib': { class: 'destructive', why: 'belongs to another shell' },
}

function judgePager(call: Call): void {
  // "+!command" and lesskey scripts run programs.
  if (call.args.some(arg => arg.text.startsWith('+') && arg.text.includes('!')))
    call.unknown('it is told to run a command')
}

function judgeText(call: Call): void {
  // uniq's second operand is where it writes.
  const target = call.operands[1]
  if (call.name === 'uniq' && target) call.writes(target)
  else if (call.name !== 'tr') for (const operand of call.operands) if (call.name !== 'numfmt') call.reads(operand)
}

function judgeInformation(call: Call): void {
  const words = call.args.map(arg => arg.text)
  switch (call.name) {
    case 'date':
      if (words.some(word => /^(-s|--set)/.test(word) || /^\d{8,}/.test(word)))
        call.raise('destructive', 'date sets the clock')
      break
    case 'hostname':
      if (call.operands.length > 0 || call.has('-F --file -b'))
        call.raise('destructive', 'hostname renames the machine')
      break
    case 'sysctl':
      if (words.some(word => word.includes('=') || /^-(w|p|-write|-load|-system)/.test(word))) {
        call.raise('destructive', 'sysctl changes the kernel')
      }
      break
    case 'dmesg':
      if (call.has('-C -c -D -E -n --clear --read-clear --console-off'))
        call.raise('destructive', 'dmesg changes the log')
      break
    case 'localectl':
      if (words.some(word => word.startsWith('set-'))) call.raise('destructive', 'localectl changes the machine')
      break
  }
}

function judgeMktemp(call: Call): void {
  if (call.name === 'mktemp' && call.operands.length === 0) call.settle('read_only', 'makes a temporary file')
}

function judgeTee(call: Call): void {
  const isSilent = call.operands.every(arg => /^(-|\/dev\/(null|stdout|stderr|tty|fd\/\d+))$/.test(arg.text))
  if (isSilent) call.settle('read_only', 'copies its input')
}

function judgeDd(call: Call): void {
  for (const arg of call.operands) {
    const target = /^of=(.+)$/s.exec(arg.text)?.[1]
    if (target) call.writes({ ...arg, text: target })
  }
}

function judgeMount(call: Call): void {
  if (call.name === 'mount' && call.args.length === 0) call.settle('read_only', 'lists what is mounted')
  if (call.name === 'diskutil' && /^(list|info)$/.test(call.operands[0]?.text ?? UNKNOWN)) {
    call.settle('read_only', 'lists disks')
  }
}

/** In dc an exclamation mark hands the rest of the line to a shell. */
function judgeCalculator(call: Call): void {
  const { stdin } = call
  if (call.operands.length > 0) call.raise('local_mutation', 'dc runs a script')
  const isHidden = stdin.kind === 'pipe' || (stdin.kind === 'text' && stdin.text.includes('!'))
  if (isHidden || call.args.some(arg => /[!\0]/.test(arg.text))) call.unknown('dc can run a shell command')
}

/** A symbolic link's target is read from where the link lies; every other path from where the command runs. */
function judgeLinks(call: Call): void {
  const folder = call.value('-t --target-directory')
  const [targets, link] = folder ? [call.operands, folder] : [call.operands.slice(0, -1), call.operands.at(-1)]
  if (link === undefined) return
  // `ln -s ../lib/a`: the link takes the name of its target, in this folder.
  if (targets.length === 0) call.reads(link)
  else if (!folder) call.writes(link)
  const isFolder = folder !== undefined || targets.length > 1 || link.text.endsWith('/')
  const place = isFolder ? link.text : link.text.slice(0, link.text.lastIndexOf('/') + 1)
  for (const target of targets) {
    const isRelative = call.has('-s --symbolic') && place !== '' && !/^[/~]/.test(target.text)
    call.reads(isRelative ? { ...target, text: `${place}/${target.text}` } : target)
  }
}
