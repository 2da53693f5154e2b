/**
 * What runs in the page: finds elements as a person would and says where they are. One expression, evaluated anew for each step, so
 * that nothing of it stays in the page.
 */
export function pageCall(
  name: 'clickPoint' | 'namedPoint' | 'fill' | 'hasText' | 'hasElement',
  ...args: readonly string[]
): string {
  return `(() => {${SCRIPT}\nreturn ${name}(${args.map(arg => JSON.stringify(arg)).join(', ')})\n})()`
}

/** Code of the user's own, in the page, with `page` at hand. */
export function pageCode(code: string): string {
  return `(async () => {${SCRIPT}\nreturn (async () => {\n${code}\n})()\n})()`
}

const SCRIPT = String.raw`
const oneLine = text => String(text ?? '').replace(/\s+/g, ' ').trim()
const isSeen = element => {
  const box = element.getBoundingClientRect()
  return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility !== 'hidden'
}
const nameOf = element => {
  const isButton = element instanceof HTMLInputElement && /^(button|submit|reset)$/.test(element.type)
  return oneLine(isButton ? element.value : element.innerText) || oneLine(element.getAttribute('aria-label'))
}
const pointIn = element => {
  element.scrollIntoView({ block: 'center', inline: 'center', behavior: 'instant' })
  const box = element.getBoundingClientRect()
  const point = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
  const top = document.elementFromPoint(point.x, point.y)
  if (top && (element.contains(top) || top.contains(element))) return point
  return { problem: top ? 'covered by <' + top.localName + '>' : 'not within the window' }
}
const find = selector => document.querySelector(selector)
const clickPoint = selector => {
  const element = find(selector)
  if (!element) return { problem: 'no element matches ' + selector }
  return isSeen(element) ? pointIn(element) : { problem: selector + ' is not visible' }
}
const namedPoint = name => {
  const isNamed = element => isSeen(element) && nameOf(element) === oneLine(name)
  const named = [...document.body.querySelectorAll('*')].filter(isNamed)
  const inner = named.find(element => ![...element.children].some(isNamed))
  return inner ? pointIn(inner) : { problem: 'nothing is called so' }
}
const fill = (selector, text) => {
  const element = find(selector)
  if (!element) return { problem: 'no element matches ' + selector }
  element.focus()
  if (element.isContentEditable) element.textContent = text
  else if ('value' in element) {
    // Frameworks replace the property on the element itself to hear of changes; the prototype's own still sets it.
    Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), 'value').set.call(element, text)
    if (element.value !== text) return { problem: selector + ' does not take "' + text + '"' }
  } else return { problem: selector + ' cannot be filled' }
  element.dispatchEvent(new Event('input', { bubbles: true }))
  element.dispatchEvent(new Event('change', { bubbles: true }))
  return {}
}
const hasText = text =>
  oneLine(document.body.innerText).includes(oneLine(text)) ? {} : { problem: 'the page does not show "' + text + '"' }
const hasElement = selector => (find(selector) ? {} : { problem: 'no element matches ' + selector })
const pause = ms => new Promise(resolve => setTimeout(resolve, ms))
const waitFor = async selector => {
  for (const end = Date.now() + 5000; Date.now() < end; await pause(50)) if (find(selector)) return find(selector)
  throw new Error('no element matches ' + selector)
}
const page = {
  $: async selector => find(selector),
  click: async selector => (await waitFor(selector)).click(),
  evaluate: async (run, ...args) => run(...args),
  fill: async (selector, text) => {
    await waitFor(selector)
    const { problem } = fill(selector, text)
    if (problem) throw new Error(problem)
  },
  textContent: async selector => (await waitFor(selector)).textContent,
  title: async () => document.title,
  url: () => location.href,
  waitForSelector: waitFor,
  waitForTimeout: pause,
}`
