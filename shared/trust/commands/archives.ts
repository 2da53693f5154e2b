import { argOf, type Call, type CommandTable } from './command'

/** Archives and compression. */
export const archives: CommandTable = {
  'tar bsdtar gtar': {
    class: 'local_mutation',
    why: 'packs or unpacks files',
    operands: 'text',
    values: {
      text: '--exclude --transform --xform --strip-components --owner --group --mode --format -H -b --mtime --newer --label',
      folder: '-C --directory --one-top-level',
      read: '-T --files-from -X --exclude-from',
      line: '--to-command --use-compress-program -I --rmt-command --rsh-command --info-script --new-volume-script -F',
    },
    raises: { destructive: '--remove-files --delete --recursive-unlink -P --absolute-names' },
    judge: judgeTar,
  },
  zip: {
    class: 'local_mutation',
    why: 'packs files',
    operands: 'text',
    values: { text: '-x -i -n -t -b -P', line: '-TT --unzip-command' },
    raises: { destructive: '-m --move -d --delete' },
    judge: call => archiveTarget(call),
  },
  unzip: {
    class: 'local_mutation',
    why: 'unpacks files',
    operands: 'read',
    values: { write: '-d', text: '-x -P' },
    looksWith: '-l -v -t -Z -p -z',
  },
  zipinfo: { class: 'read_only', operands: 'read' },
  'gzip gunzip bzip2 bunzip2 xz unxz zstd unzstd lz4 lzma unlzma brotli pigz pbzip2 lzip compress uncompress': {
    class: 'local_mutation',
    why: 'replaces files by packed ones',
    operands: 'write',
    values: { write: '-o --output', text: '-S --suffix -T --threads' },
    looksWith: '-l --list -t --test',
    judge: judgeStream,
  },
  '7z 7za 7zr p7zip rar unrar': {
    class: 'local_mutation',
    why: 'packs or unpacks files',
    operands: 'text',
    judge: judgeSevenZip,
  },
  cpio: {
    class: 'local_mutation',
    why: 'packs or unpacks files',
    operands: 'text',
    values: { write: '-O -F', folder: '-D --directory', line: '--rsh-command' },
    looksWith: '-t --list',
  },
  'pax shar unshar': { class: 'local_mutation', why: 'packs or unpacks files' },
  'dpkg-deb rpm2cpio asar upx': { class: 'local_mutation', why: 'packs or unpacks files' },
}

/** tar's old style has no dash: `tar xzf a.tgz`. Its letters are options all the same. */
function judgeTar(call: Call): void {
  const [first, ...rest] = call.operands
  const oldStyle = first && call.args[0] === first && /^[A-Za-z]+$/.test(first.text) ? first.text : ''
  if (call.options.some(({ name, value }) => name === '--checkpoint-action' && value?.text.startsWith('exec'))) {
    call.unknown('tar starts a program')
  }
  if (oldStyle.includes('P')) call.raise('destructive', 'tar may write anywhere')
  if (oldStyle.includes('I') || oldStyle.includes('F')) call.unknown('tar starts a program')
  const isListing = call.has('-t --list') || oldStyle.includes('t')
  const isPacking = call.has('-c -r -u -A --create --append --update --concatenate') || /[cruA]/.test(oldStyle)
  const files = oldStyle ? rest : call.operands
  const named = call.args[call.args.findIndex(arg => /^-[A-Za-z]*f$|^--file$/.test(arg.text)) + 1]
  const glued = call.args.find(arg => arg.text.startsWith('--file='))
  const hasNamed = call.args.some(arg => /^-[A-Za-z]*f$|^--file$/.test(arg.text))
  const archive = glued ? argOf(glued.text.slice(7)) : oldStyle.includes('f') ? rest[0] : hasNamed ? named : undefined
  if (isListing && !isPacking) {
    call.settle('read_only', 'lists an archive')
    return
  }
  if (archive && archive.text !== '-') {
    if (isPacking) call.writes(archive)
    else call.reads(archive)
  }
  for (const file of files) if (file !== archive) call.reads(file)
}

function archiveTarget(call: Call): void {
  const [archive, ...files] = call.operands
  if (archive && archive.text !== '-') call.writes(archive)
  for (const file of files) call.reads(file)
  if (call.has('-T') && call.has('-TT')) call.unknown('zip starts a program')
}

function judgeStream(call: Call): void {
  if (call.operands.length === 0 || call.has('-c --stdout --to-stdout')) call.settle('read_only', 'works on a stream')
}

function judgeSevenZip(call: Call): void {
  const verb = call.operands[0]?.text ?? ''
  if (/^(l|t|i|v|lb|vt|lt)$/.test(verb)) call.settle('read_only', 'lists an archive')
  if (verb === 'd' || verb === 'rn') call.raise('destructive', 'deletes from an archive')
  for (const { name } of call.options) if (name === '-sdel') call.raise('destructive', 'deletes what it packs')
  const out = call.args.find(arg => /^-o./.test(arg.text))
  if (out) call.writes(argOf(out.text.slice(2)))
}
