import { argOf, type Call, type Command, type CommandTable } from './command'

const looks: Command = { class: 'read_only', operands: 'text' }
const removes: Command = { class: 'destructive', why: 'removes software', operands: 'text' }

/** Processes, services, users, installed software: the machine itself. */
export const system: CommandTable = {
  'kill killall pkill skill xkill killall5 fkill tskill taskkill': {
    class: 'destructive',
    why: 'ends programs',
    operands: 'text',
    looksWith: '-l -L --list --table',
    judge: judgeKill,
  },
  fuser: { class: 'read_only', operands: 'text', raises: { destructive: '-k --kill' } },
  'renice schedtool': { class: 'local_mutation', why: 'changes priorities', operands: 'text' },
  'reboot shutdown halt poweroff telinit pm-suspend kexec': { class: 'destructive', why: 'stops the machine' },
  init: { class: 'destructive', why: 'stops the machine' },
  systemctl: {
    class: 'destructive',
    why: 'changes services',
    values: { text: '-t --type -n --lines -o --output -p --property --state -H --host -M --machine' },
    sub: {
      'status show cat list-units list-unit-files list-timers list-sockets list-dependencies is-active is-enabled is-failed get-default show-environment help list-jobs list-machines':
        looks,
    },
    bare: 'read_only',
  },
  'service rc-service initctl launchctl supervisorctl sv monit svcadm update-rc.d chkconfig rc-update': {
    class: 'destructive',
    why: 'changes services',
    operands: 'text',
    judge: judgeService,
  },
  journalctl: {
    class: 'read_only',
    operands: 'text',
    raises: { destructive: '--vacuum-size --vacuum-time --vacuum-files --rotate --flush --relinquish-var' },
  },
  loginctl: {
    class: 'destructive',
    why: 'changes logins',
    sub: { 'list-sessions list-users show-session show-user session-status user-status': looks },
  },
  'crontab anacron': { class: 'destructive', why: 'changes what runs later', operands: 'text', looksWith: '-l' },
  'useradd userdel usermod adduser deluser groupadd groupdel groupmod passwd chpasswd visudo vipw chsh chfn newusers gpasswd dscl chage':
    { class: 'destructive', why: 'changes users' },
  'insmod rmmod modprobe depmod update-grub grub-install grub-mkconfig efibootmgr dracut mkinitcpio update-initramfs setenforce semanage restorecon aa-enforce aa-disable apparmor_parser auditctl swaplabel hwclock ntpdate rtcwake':
    { class: 'destructive', why: 'changes the system' },
  'apt apt-get aptitude': {
    class: 'destructive',
    why: 'changes installed software',
    values: { text: '-o -t -c' },
    sub: {
      'list search show policy depends rdepends changelog moo help madison': looks,
      'download source check': { class: 'local_mutation', operands: 'text' },
    },
    raises: { destructive: '-o' },
  },
  'apt-cache apt-file dpkg-query': looks,
  dpkg: {
    class: 'destructive',
    why: 'changes installed software',
    operands: 'text',
    looksWith:
      '-l -L -s -S -p --list --listfiles --status --search --print-avail --print-architecture --get-selections --compare-versions --audit -V --verify -c -I -f --contents --info',
  },
  'yum dnf microdnf zypper pacman yay paru apk emerge xbps-install pkg pkgin port opkg snap flatpak slackpkg nix-env guix choco winget scoop':
    { class: 'destructive', why: 'changes installed software', operands: 'text', judge: judgePackages },
  rpm: {
    class: 'destructive',
    why: 'changes installed software',
    operands: 'text',
    looksWith: '-q -qa --query -V --verify -K -qi -ql',
  },
  brew: {
    class: 'local_mutation',
    why: 'installs software',
    sub: {
      'list ls info search deps uses outdated doctor config desc leaves --prefix --cellar --version home log cat':
        looks,
      'install upgrade update tap link unlink pin bundle fetch reinstall untap cleanup': {
        class: 'local_mutation',
        why: 'installs software',
        operands: 'text',
        judge: call => call.writes(argOf('/opt/homebrew')),
      },
      'uninstall remove rm autoremove zap': removes,
      services: { class: 'destructive', why: 'changes services', sub: { list: looks } },
    },
  },
  'nix nix-shell nix-build nixos-rebuild home-manager devbox': {
    class: 'local_mutation',
    why: 'builds or runs software',
    operands: 'text',
    values: { line: '--run --command -c' },
    judge: judgeNix,
  },
  'vi vim nvim view ex ed emacs emacsclient nano pico micro joe code code-insiders cursor subl zed mate hx helix kak gedit kate vimdiff':
    {
      class: 'local_mutation',
      why: 'opens an editor',
      operands: 'write',
      values: { read: '-S -u -s -l -L --load --script' },
      raises: { destructive: '-c --cmd --eval -eval --batch -e -E -es --install-extension --uninstall-extension' },
      judge: judgeEditor,
    },
  'lsof opensnoop execsnoop bpftrace perf dtrace dtruss sysdig iotop iftop nethogs': {
    class: 'read_only',
    operands: 'text',
    judge: judgeTrace,
  },
  'defaults networksetup scutil csrutil spctl pmset nvram tmutil softwareupdate launchd softwareupdated mdutil': {
    class: 'destructive',
    why: 'changes the system',
    operands: 'text',
    judge: call => {
      if (/^(read|find|domains|list.*|status|-get.*|-list.*|verifybackup)$/.test(call.args[0]?.text ?? ''))
        call.settle('read_only', 'only looks')
    },
  },
  'ldconfig update-alternatives alternatives ldattach setcap dpkg-reconfigure locale-gen update-ca-certificates trust':
    {
      class: 'destructive',
      why: 'changes the system',
      looksWith: '-p --print-cache --display --list --query --get-selections',
    },
  stty: { class: 'read_only', operands: 'text' },
  asciinema: {
    class: 'local_mutation',
    sub: {
      'rec record stream session': {
        class: 'local_mutation',
        why: 'records a program',
        operands: 'write',
        values: { line: '-c --command', text: '-t --title -i --idle-time-limit -e --env --cols --rows' },
      },
      upload: { class: 'remote_action', why: 'publishes a recording', operands: 'read' },
      'play cat convert': { class: 'read_only', operands: 'read', values: { text: '-s --speed -i' } },
    },
  },
  reg: { class: 'destructive', why: 'changes the registry', sub: { query: { class: 'read_only', operands: 'text' } } },
  'notify-send osd_cat say espeak figlet cowsay lolcat toilet neofetch fastfetch screenfetch onefetch fortune banner': {
    class: 'read_only',
    operands: 'text',
    values: { write: '-o' },
  },
  'convert magick mogrify identify ffmpeg ffprobe sox gs pdftotext pdftoppm pandoc dot plantuml mmdc wkhtmltopdf pdflatex xelatex lualatex latexmk bibtex tex typst asciidoctor inkscape rsvg-convert cwebp optipng pngquant jpegoptim svgo gifsicle exiftool qpdf libreoffice soffice':
    {
      class: 'local_mutation',
      why: 'converts files',
      operands: 'write',
      values: { text: '-f -t --from --to -r -vf -af -c -b' },
      raises: { destructive: '-shell-escape --shell-escape -write18' },
    },
  'act actionlint circleci gitlab-runner buildkite-agent yamllint markdownlint vale codespell typos lychee semgrep gitleaks trufflehog snyk osv-scanner codeql sonar-scanner licensee reuse cspell ajv spectral':
    { class: 'local_mutation', why: 'checks the project', operands: 'read' },
  shellcheck: { class: 'read_only', operands: 'read' },
  'qemu-system-x86_64 qemu-img virsh virt-install VBoxManage lxc lxd incus machinectl systemd-nspawn': {
    class: 'destructive',
    why: 'changes machines',
    operands: 'text',
    judge: judgeService,
  },
  claude: { class: 'local_mutation', why: 'starts another agent' },
}

function judgeKill(call: Call): void {
  if (call.args[0]?.text === '-0') call.settle('read_only', 'tests whether a program runs')
}

function judgeService(call: Call): void {
  const words = call.operands.map(arg => arg.text)
  if (
    words.some(word =>
      /^(status|list|print|info|summary|--status-all|images|ls|version|dumpxml|domstate)$/.test(word),
    ) &&
    !words.some(word =>
      /^(start|stop|restart|reload|load|unload|bootout|kill|delete|destroy|undefine|enable|disable|remove|rm)$/.test(
        word,
      ),
    )
  ) {
    call.settle('read_only', 'only looks')
  }
}

function judgePackages(call: Call): void {
  const [first = ''] = call.args.map(arg => arg.text)
  if (call.name === 'pacman' || call.name === 'yay' || call.name === 'paru') {
    if (/^-(Q|Ss|Si|F)/.test(first)) call.settle('read_only', 'only looks')
    return
  }
  const words = call.operands.map(arg => arg.text)
  if (
    /^(list|search|info|show|repolist|provides|whatprovides|history|find|version|outdated|audit|query|policy|check-update)$/.test(
      words[0] ?? '',
    ) ||
    (call.name === 'nix-env' && call.has('-q'))
  ) {
    call.settle('read_only', 'only looks')
  }
}

function judgeNix(call: Call): void {
  const words = call.operands.map(arg => arg.text)
  if (/gc|collect-garbage|wipe/.test(words.join(' '))) call.raise('destructive', 'deletes built software')
  if (call.name === 'nixos-rebuild') call.raise('destructive', 'changes the system')
}

function judgeEditor(call: Call): void {
  const command = call.args.find(arg => /^\+./.test(arg.text) && !/^\+\d+$/.test(arg.text))
  // As in `ex -sc`, where -s takes no value.
  const isBundled = call.args.some(arg => /^-[a-zA-Z]*[cE]$/.test(arg.text))
  if (command || isBundled) call.raise('destructive', 'the editor is told to run a command')
  if (/^(ed|ex)$/.test(call.name) && call.stdin.kind !== 'none')
    call.raise('destructive', 'the editor is told what to do')
}

function judgeTrace(call: Call): void {
  if (/^(bpftrace|dtrace|sysdig|perf)$/.test(call.name) && call.args.length > 0)
    call.raise('destructive', 'watches the whole system')
}
