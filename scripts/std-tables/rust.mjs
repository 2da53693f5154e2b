// Writes shared/languages/data/rust-std.data.json from the `library` folder of Rust's source: `node scripts/std-tables/rust.mjs LIBRARY`.
// One list of all names that any module of std, core or alloc may have: which module has which is not told, so that re-exports need no resolving.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = process.argv[2]
const names = new Set()
for (const crate of ['std', 'core', 'alloc', 'proc_macro', 'test'])
  for (const path of sources(join(root, crate, 'src'))) collect(readFileSync(path, 'utf8'))

const table = { names: [...names].sort().join(' ') }
writeFileSync(join(import.meta.dirname, '../../shared/languages/data/rust-std.data.json'), `${JSON.stringify(table)}\n`)

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
