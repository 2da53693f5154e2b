import { loadTypeScriptBuiltins } from '#shared/languages/support/typescript-builtins'
import { WORD } from './vocabulary'

/** Keywords and built-in names of the five languages, and names that every program has. */
const LANGUAGE_WORDS = `
abstract and any as assert async await bool boolean break byte case catch chan char class complex complex128 complex64 const
constructor continue crate debugger declare def default defer del delete do dyn elif else enum error except export extends
extern fallthrough false False final finally float32 float64 fn for from func function get global go goto if impl implements
import in infer instanceof int int16 int32 int64 int8 interface is isize keyof lambda let loop map match mod module mut
namespace never new nil None nonlocal not null number object of or override package pass private protected pub public raise
range readonly ref return rune satisfies select self Self set static str string struct super switch symbol this throw trait
true True try type typeof uint uint16 uint32 uint64 uint8 uintptr undefined union unique unknown unsafe use usize var virtual
void where while with yield append cap close copy len make max min panic print println real recover iota main init
Vec Option Some Result Ok Err String Box Rc Arc RefCell Cell HashMap HashSet BTreeMap BTreeSet VecDeque Default Clone Copy Debug
Display Iterator IntoIterator From Into TryFrom TryInto AsRef Drop Eq PartialEq Ord PartialOrd Hash Send Sync Fn FnMut FnOnce
ToString ToOwned format vec write writeln eprintln eprint todo unimplemented unreachable derive cfg std core alloc i8 i16 i32
i64 i128 u8 u16 u32 u64 u128 f32 f64 args kwargs cls __init__ __name__ __main__ __all__ __str__ __repr__ __eq__ __len__ __iter__
__enter__ __exit__ __call__ __getitem__ __future__ annotations module exports require prototype`

/** The protocol between kode and a model. */
const PROTOCOL_WORDS = `id hunks file_path action anchor_text new_text explanation new_path occurrence target_symbol MODIFY
INSERT DELETE CREATE DELETE_FILE RENAME path shown part lines also declares file files`

/** Methods that a language calls by itself, or that everybody's types have. */
const USUAL_METHODS = `String Error Write Read Close Len Less Swap ServeHTTP MarshalJSON UnmarshalJSON Unwrap`
/** Whose methods are written in every program. */
const USUAL_TYPES = [
  'Array',
  'Date',
  'Error',
  'Function',
  'Map',
  'Number',
  'Object',
  'Promise',
  'RegExp',
  'Set',
  'String',
]
/** A page's window has a name, a status and a parent; a program that calls something so means its own. */
const LOWER_CASE_GLOBALS = `console process fetch window document globalThis navigator performance crypto atob btoa`

/**
 * Names that stay clear in any project: keywords, built-ins, and what kode's own texts say. What comes from a library stays clear
 * too, but by how it is used; see VocabularyBuilder.
 */
export async function keptNames(languages: ReadonlySet<string>, ownTexts: readonly string[]): Promise<Set<string>> {
  const lists = [LANGUAGE_WORDS, PROTOCOL_WORDS, USUAL_METHODS, LOWER_CASE_GLOBALS]
  const kept = new Set(lists.join(' ').trim().split(/\s+/))
  for (const text of ownTexts) for (const [word] of text.matchAll(WORD)) kept.add(word)
  if (languages.has('typescript') || languages.has('javascript')) {
    const builtins = await loadTypeScriptBuiltins()
    for (const name of builtins.globals) if (/^[A-Z]|[a-z][A-Z]/.test(name)) kept.add(name)
    for (const type of USUAL_TYPES) for (const member of builtins.instanceMembersOf(type) ?? []) kept.add(member)
  }
  if (languages.has('python')) {
    const { builtInNames } = await import('#shared/languages/support/python-std')
    for (const name of builtInNames()) kept.add(name)
  }
  return kept
}
