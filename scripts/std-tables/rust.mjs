// Writes shared/languages/data/rust-std.data.json: `node scripts/std-tables/rust.mjs LIBRARY|- DOCUMENTATION MINOR`, with the `library` folder
// of Rust's source (`-`: what the table has already), the folder `html` of the documentation that rustup installs, and its version: 95 for 1.95.
// One list of all names that any module of std, core or alloc may have: which module has which is not told, so that re-exports need no resolving.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [root, documentation, minor] = process.argv.slice(2)
const target = join(import.meta.dirname, '../../shared/languages/data/rust-std.data.json')
const names = new Set(root === '-' ? JSON.parse(readFileSync(target, 'utf8')).names.split(' ') : [])
for (const crate of root === '-' ? [] : ['std', 'core', 'alloc', 'proc_macro', 'test'])
  for (const path of sources(join(root, crate, 'src'))) collect(readFileSync(path, 'utf8'))
// The sources are read without being understood; what the documentation lists is there for certain.
for (const crate of ['std', 'core', 'alloc', 'proc_macro', 'test'])
  for (const [, link] of readFileSync(join(documentation, crate, 'all.html'), 'utf8').matchAll(
    /<li><a href="([^"#]+)\.html"/g,
  ))
    if (!/^(?:arch|simd|intrinsics)\//.test(link))
      for (const part of link.split('/')) names.add(part.replace(/^[a-z]+\./, ''))

const table = {
  minor: Number(minor),
  names: [...names]
    .filter(name => /^[A-Za-z_]/.test(name))
    .sort()
    .join(' '),
}
writeFileSync(target, `${JSON.stringify(table)}\n`)

function collect(text) {
  const code = text.replace(/\/\/.*$|\/\*[\s\S]*?\*\//gm, '').replace(/"(?:[^"\\]|\\.)*"/g, '""')
  for (const match of code.matchAll(
    /\b(?:fn|mod|macro_rules!|macro|const|static|type|union)\s+(?!(?:fn|unsafe|mut|extern|async)\b)(?:r#)?([A-Za-z_]\w*)/g,
  ))
    names.add(match[1])
  // Names of types, traits and variants are often made by macros, which get them among their tokens.
  for (const match of code.matchAll(/\b[A-Z]\w*[a-z]\w*\b/g)) names.add(match[0])
  for (const match of code.matchAll(/\buse\s[^;]*;/g)) for (const word of match[0].matchAll(/\w+/g)) names.add(word[0])
  for (const word of [
    'str',
    'char',
    'bool',
    'slice',
    'array',
    'tuple',
    'never',
    'unit',
    'pointer',
    'reference',
    'u8',
    'u16',
    'u32',
    'u64',
    'u128',
    'usize',
    'i8',
    'i16',
    'i32',
    'i64',
    'i128',
    'isize',
    'f16',
    'f32',
    'f64',
    'f128',
  ])
    names.add(word)
}

/** Without the instructions of processors, which are thousands, and without tests. */
function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && !/^(?:tests|benches|stdarch|simd|core_arch|sys|pal)$/.test(entry.name))
      yield* sources(path)
    else if (entry.name.endsWith('.rs') && !/^tests?\.rs$/.test(entry.name)) yield path
  }
}
