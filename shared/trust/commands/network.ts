import { type Arg, argOf, type Call, type CommandTable, UNKNOWN } from './command'

/** Programs whose purpose is the network. */
export const network: CommandTable = {
  'curl curlie': {
    class: 'remote_action',
    why: 'sends a request',
    operands: 'text',
    values: {
      text: '-d --data --data-binary --data-raw --data-urlencode --data-ascii --json -F --form -T --upload-file --url -X --request -H --header -u --user -A --user-agent -e --referer -m --max-time --connect-timeout --retry --retry-delay --retry-max-time -w --write-out --proto --resolve -x --proxy --url-query -r --range -z --limit-rate --interface --max-redirs --ciphers -C --form-string',
      write:
        '-o --output -D --dump-header -c --cookie-jar --trace --trace-ascii --stderr --output-dir --libcurl --hsts --alt-svc --etag-save',
      read: '-K --config -b --cookie --cacert -E --cert --key --netrc-file --etag-compare',
      folder: '--unix-socket',
    },
    judge: judgeCurl,
  },
  wget: {
    class: 'remote_action',
    why: 'downloads files',
    operands: 'text',
    values: {
      text: '--header -U --user-agent -t --tries -T --timeout --user --password --method --body-data --post-data -l --level -A -R -D -e --execute -w --wait --limit-rate',
      write: '-O --output-document -o --output-file -a --append-output -P --directory-prefix --save-cookies',
      read: '-i --input-file --load-cookies --post-file --body-file --ca-certificate',
      line: '--use-askpass',
    },
    judge: judgeDownload,
  },
  'http https xh httpie aria2c axel lynx w3m links elinks yt-dlp youtube-dl gdown grpcurl evans websocat wscat ab wrk hey k6 vegeta siege oha bombardier':
    {
      class: 'remote_action',
      why: 'sends requests',
      operands: 'text',
      values: { write: '-o --output -O -d --dir --downloads', line: '--exec --on-download-complete' },
      judge: judgeDownload,
    },
  'ssh autossh mosh slogin dbclient et': {
    class: 'remote_action',
    why: 'works on another machine',
    operands: 'text',
    stopsAtOperand: true,
    values: { text: '-p -l -i -o -F -L -R -D -J -b -c -E -e -I -m -O -Q -S -W -w -B', line: '--ssh' },
    judge: judgeSsh,
  },
  sshpass: { class: 'remote_action', operands: 'program', stopsAtOperand: true, values: { text: '-p -P', read: '-f' } },
  'ssh-keygen ssh-add ssh-agent ssh-copy-id gpg gpg2 gpg-agent keytool certbot security secret-tool': {
    class: 'destructive',
    why: 'handles keys',
    operands: 'text',
    looksWith: '-l --list-keys --list-secret-keys -K -k --version --verify --fingerprint',
  },
  'ssh-keyscan': { class: 'remote_action', why: 'asks another machine', operands: 'text' },
  openssl: {
    class: 'local_mutation',
    operands: 'text',
    judge: call =>
      call.args.forEach((arg, index) => {
        const file = call.args[index + 1]
        if (file && /^--?(out|keyout|writerand)$/.test(arg.text)) call.writes(file)
      }),
    sub: {
      'version help ciphers': 'read_only',
      'x509 verify dgst asn1parse': {
        class: 'read_only',
        operands: 'text',
        values: { write: '-out', read: '-in -CAfile', text: '-days -subj' },
        singleDash: true,
      },
      's_client s_server': { class: 'remote_action', why: 'opens a connection' },
      rand: { class: 'read_only', operands: 'text', singleDash: true, values: { write: '-out' } },
    },
  },
  'scp sftp': {
    class: 'remote_action',
    why: 'copies between machines',
    operands: 'text',
    values: { text: '-P -i -o -l -c -J -F', read: '-b', line: '-S -D' },
    judge: judgeRemoteCopy,
  },
  rsync: {
    class: 'local_mutation',
    why: 'copies files',
    operands: 'text',
    fearsUnknown: true,
    values: {
      text: '--exclude --include --chmod --bwlimit --port --max-size --min-size --out-format -f --filter --timeout',
      read: '--exclude-from --include-from --files-from --password-file',
      write: '--log-file --backup-dir --partial-dir -T --temp-dir',
      line: '-e --rsh --rsync-path',
    },
    raises: {
      destructive:
        '--delete --delete-before --delete-after --delete-during --delete-excluded --delete-delay --remove-source-files --del --delete-missing-args',
    },
    looksWith: '-n --dry-run --list-only',
    judge: judgeRemoteCopy,
  },
  'nc ncat netcat socat telnet cryptcat pwncat ngrok cloudflared localtunnel chisel frpc bore': {
    class: 'remote_action',
    why: 'opens connections',
    operands: 'text',
    raises: { destructive: '-e -c --exec --sh-exec -l --listen' },
    judge: judgeSocket,
  },
  'ping ping6 traceroute tracepath mtr dig nslookup host whois drill fping arping': {
    class: 'remote_action',
    why: 'asks the network',
    operands: 'text',
    judge: call => reachAll(call),
  },
  'ss netstat ip ifconfig route arp nmcli iw iwconfig networkctl resolvectl hostnamectl timedatectl': {
    class: 'read_only',
    operands: 'text',
    judge: judgeInterfaces,
  },
  'iptables ip6tables nft ufw firewall-cmd tc brctl ethtool tcpdump tshark wireshark nmap masscan zmap hydra sqlmap nikto john hashcat aircrack-ng msfconsole ettercap':
    { class: 'destructive', why: 'changes or attacks networks', operands: 'text', looksWith: '-L --list --list-all' },
  'mail mailx sendmail mutt msmtp swaks ssmtp': { class: 'remote_action', why: 'sends mail', operands: 'text' },
  'ftp lftp ncftp tftp smbclient': {
    class: 'remote_action',
    why: 'copies between machines',
    operands: 'text',
    raises: { destructive: '-e -c' },
  },
}

function judgeCurl(call: Call): void {
  const method = call.value('-X --request')?.text.toUpperCase()
  reachAll(call)
  for (const { name, value } of call.options) {
    if (value && /^(-d|--data|--data-binary|--data-raw|--data-urlencode|--json|-F|--form|-T|--upload-file)$/.test(name))
      noteUpload(call, name, value)
    if (name === '--url' && value) call.reaches(value.text)
  }
  if (method === 'DELETE' || method?.includes(UNKNOWN)) call.raise('destructive', 'curl -X DELETE deletes elsewhere')
  const names = call.operands.map(arg => arg.text.split(/[?#]/)[0]?.split('/').at(-1) ?? '').filter(Boolean)
  if (call.has('-O --remote-name --remote-name-all -J --remote-header-name'))
    for (const name of names) call.writes(argOf(name))
  if (call.operands.some(arg => /^file:/.test(arg.text)))
    call.reads(argOf(call.operands.find(arg => /^file:/.test(arg.text))?.text.replace(/^file:\/\//, '') ?? ''))
  if (call.has('-K --config')) call.raise('destructive', 'curl takes its options from a file')
}

function noteUpload(call: Call, name: string, value: Arg): void {
  const file = /^(-T|--upload-file)$/.test(name) ? value.text : /(?:^|=)[@<]([^;]+)/.exec(value.text)?.[1]
  if (file && file !== '-') call.reads({ ...value, text: file })
}

function reachAll(call: Call): void {
  for (const { text } of call.operands) call.reaches(text)
}

function judgeDownload(call: Call): void {
  reachAll(call)
  if (/^(lynx|w3m|links|elinks)$/.test(call.name) && !call.has('-dump -source'))
    call.raise('remote_action', 'opens a page')
  const method =
    call.value('--method')?.text.toUpperCase() ??
    (/^(http|https|xh|httpie)$/.test(call.name) ? call.operands[0]?.text : undefined)
  if (method === 'DELETE') call.raise('destructive', 'deletes elsewhere')
  if (call.has('-e --execute') && call.name === 'wget') {
    const setting = call.value('-e --execute')?.text ?? ''
    if (/use_askpass|post_file|output_document|load_cookies/i.test(setting))
      call.unknown('it sets options that run programs')
  }
  if (call.name === 'k6' && call.operands[0]?.text === 'run') call.raise('remote_action', 'loads another machine')
}

const SSH_RUNS =
  /^(proxycommand|localcommand|permitlocalcommand|knownhostscommand|match|include|remotecommand|pkcs11provider|securitykeyprovider|sendenv)\b/i

function judgeSsh(call: Call): void {
  const [host, ...command] = call.operands
  if (host) call.reaches(host.text)
  if (host?.text.startsWith('-')) call.unknown('the host is an option')
  for (const { name, value } of call.options) {
    if (name === '-o' && value && SSH_RUNS.test(value.text.trim())) call.unknown('ssh is told to run a command here')
    if (name === '-F' || name === '-I') call.unknown('ssh takes its settings from another file')
    if (/^-[LRDw]$/.test(name)) call.raise('remote_action', 'opens a tunnel')
  }
  const { stdin } = call
  if (stdin.kind === 'text') call.elsewhere(() => call.runsLine(argOf(stdin.text), 'ssh'))
  if (command.length > 0) call.elsewhere(() => call.runsLine(argOf(command.map(arg => arg.text).join(' ')), 'ssh'))
  else if (call.stdin.kind === 'pipe' || call.stdin.kind === 'file')
    call.unknown('it runs what it is given on another machine')
}

const REMOTE = /^([\w.-]+@)?[\w.-]+:(?!\\)|^rsync:\/\/|^\[/

function judgeRemoteCopy(call: Call): void {
  const isRemote = call.operands.some(arg => REMOTE.test(arg.text))
  if (isRemote || call.name !== 'rsync') call.raise('remote_action', 'copies between machines')
  for (const option of call.options)
    if (option.name === '-o' && option.value && SSH_RUNS.test(option.value.text))
      call.unknown('ssh is told to run a command here')
  const target = call.operands.at(-1)
  for (const arg of call.operands) {
    if (REMOTE.test(arg.text)) call.reaches(arg.text)
    else if (arg === target && call.operands.length > 1) call.writes(arg)
    else call.reads(arg)
  }
}

function judgeSocket(call: Call): void {
  reachAll(call)
  if (
    call.name === 'socat' &&
    call.operands.some(arg => /^(exec|system|shell|open|create|gopen|file):/i.test(arg.text))
  )
    call.unknown('it connects a program to the network')
  if (call.has('-z')) call.settle('remote_action', 'tries a port')
}

function judgeInterfaces(call: Call): void {
  const words = call.operands.map(arg => arg.text)
  if (
    /^(ip|nmcli|iw|hostnamectl|timedatectl|route|arp|networkctl|resolvectl)$/.test(call.name) &&
    words.some(word =>
      /^(add|del|delete|set|change|replace|flush|up|down|set-.*|modify|connect|disconnect|reload|exec|rescan|revert|append|hotspot|radio)$/.test(
        word,
      ),
    )
  ) {
    call.raise('destructive', 'changes the network of this machine')
  }
  if (call.name === 'ifconfig' && words.length > 1) call.raise('destructive', 'changes the network of this machine')
  if (call.name === 'ip' && words[0] === 'netns' && words[1] === 'exec') call.runs(call.operands.slice(3))
}
