import { describe, expect, test } from 'vitest'
import { NEW_VIM, type Place, pressKey, type Vim } from '../../webview/composer/vim'

/** `|` is the caret. */
function placeOf(marked: string): Place {
  return { text: marked.replace('|', ''), caret: marked.indexOf('|') }
}

function marked({ text, caret }: Place): string {
  return `${text.slice(0, caret)}|${text.slice(caret)}`
}

/** In normal mode at first; what is typed in insert mode goes into the text, as the browser does it. */
function press(start: string, keys: readonly string[]): { vim: Vim; place: Place } {
  let vim: Vim = { ...NEW_VIM, mode: 'normal', past: [] }
  let place = placeOf(start)
  for (const key of keys) {
    const step = pressKey(vim, place, key)
    if (step) ({ vim, place } = step)
    else if (vim.mode === 'insert') {
      place = { text: place.text.slice(0, place.caret) + key + place.text.slice(place.caret), caret: place.caret + 1 }
    }
  }
  return { vim, place }
}

describe('in normal mode', () => {
  test.each([
    ['h', 'on|e', 'o|ne'],
    ['h', 'one\n|two', 'one\n|two'],
    ['l', 'on|e', 'on|e'],
    ['j', 'o|ne\ntwo', 'one\nt|wo'],
    ['j', 'thr|ee\na', 'three\n|a'],
    ['k', 'one\nt|wo', 'o|ne\ntwo'],
    ['w', '|one two', 'one |two'],
    ['w', 'a|b.cd', 'ab|.cd'],
    ['b', 'one two|', 'one |two'],
    ['e', '|one two', 'on|e two'],
    ['e', 'on|e two', 'one tw|o'],
    ['0', '  one t|wo', '|  one two'],
    ['^', '  one t|wo', '  |one two'],
    ['$', '|one\ntwo', 'on|e\ntwo'],
    ['gg', 'one\nt|wo', '|one\ntwo'],
    ['G', '|one\ntwo', 'one\n|two'],
    ['x', 'o|ne', 'o|e'],
    ['dd', 'one\nt|wo\nthree', 'one\n|three'],
    ['dd', 'one\nt|wo', '|one'],
    ['yyp', 'on|e\ntwo', 'one\n|one\ntwo'],
    ['yyP', 'one\nt|wo', 'one\n|two\ntwo'],
    ['dw', 'one |two three', 'one |three'],
    ['db', 'one two |three', 'one |three'],
    ['de', '|one two', '| two'],
    ['d$', 'one| two\nthree', 'on|e\nthree'],
    ['d0', 'one |two', '|two'],
    ['dG', 'one\nt|wo\nthree', '|one'],
    ['xp', '|ab', 'b|a'],
    ['di(', 'f(a, |b)', 'f(|)'],
    ['da"', 'say "h|i" now', 'say | now'],
    ['yi[p', '[|a]', '[a|a]'],
    ['xu', 'o|ne', 'o|ne'],
    ['z', 'o|ne', 'o|ne'],
  ])('%s makes %s into %s', (keys, before, after) => {
    const { vim, place } = press(before, [...keys])
    expect(marked(place)).toBe(after)
    expect(vim.mode).toBe('normal')
  })

  test('what was undone comes back with Ctrl+R', () => {
    expect(marked(press('o|ne', ['x', 'u', 'Control+r']).place)).toBe('o|e')
  })

  test.each(['Enter', 'Tab', 'ArrowUp', 'Escape'])('%s does what it does everywhere', key => {
    expect(pressKey({ ...NEW_VIM, mode: 'normal' }, placeOf('o|ne'), key)).toBeUndefined()
  })

  test('Escape forgets half a command', () => {
    expect(marked(press('|one two', ['d', 'Escape', 'w']).place)).toBe('one |two')
  })
})

describe('insert mode', () => {
  test.each([
    ['i', 'o|ne', 'oX|ne'],
    ['a', 'o|ne', 'onX|e'],
    ['I', '  on|e', '  X|one'],
    ['A', 'o|ne\ntwo', 'oneX|\ntwo'],
    ['o', 'o|ne\ntwo', 'one\nX|\ntwo'],
    ['O', 'one\nt|wo', 'one\nX|\ntwo'],
    ['cc', 'one\nt|wo\nthree', 'one\nX|\nthree'],
    ['cw', '|one two', 'X| two'],
    ['ci{', 'a {b| {c}} d', 'a {X|} d'],
    ['ca(', 'f(|a(b)) c', 'fX| c'],
    ["ci'", "|x 'y' z", "x 'X|' z"],
  ])('begins with %s: %s becomes %s', (keys, before, after) => {
    const { vim, place } = press(before, [...keys, 'X'])
    expect(marked(place)).toBe(after)
    expect(vim.mode).toBe('insert')
  })

  test('ends with Escape, and all of it is undone at once', () => {
    const { vim, place } = press('o|ne', ['A', 'a', 'b', 'Escape'])
    expect([vim.mode, marked(place)]).toEqual(['normal', 'onea|b'])
    expect(marked(press('o|ne', ['A', 'a', 'b', 'Escape', 'u']).place)).toBe('o|ne')
  })
})
