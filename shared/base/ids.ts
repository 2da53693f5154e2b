const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_DIGITS = 9
const RANDOM_DIGITS = 10

let lastTimeMs = 0
let lastSuffix: number[] = []

/**
 * A new id that sorts by the time it was made, also within one millisecond of one process.
 * Nine digits of time and ten of randomness in Crockford's base 32, lower case: 19 characters.
 */
export function newId(nowMs: number = Date.now()): string {
  if (nowMs <= lastTimeMs) {
    nowMs = lastTimeMs
    lastSuffix = increment(lastSuffix)
  } else {
    lastTimeMs = nowMs
    lastSuffix = [...crypto.getRandomValues(new Uint8Array(RANDOM_DIGITS))].map(byte => byte % 32)
    // Room to count upwards within this millisecond.
    lastSuffix[0] = lastSuffix[0]! % 16
  }
  return encodeTime(nowMs) + lastSuffix.map(digit => ALPHABET[digit]).join('')
}

function encodeTime(timeMs: number): string {
  let digits = ''
  for (let rest = timeMs, place = 0; place < TIME_DIGITS; place++) {
    digits = ALPHABET[rest % 32] + digits
    rest = Math.floor(rest / 32)
  }
  return digits
}

function increment(digits: readonly number[]): number[] {
  const next = [...digits]
  for (let place = next.length - 1; place >= 0; place--) {
    next[place] = (next[place]! + 1) % 32
    if (next[place] !== 0) break
  }
  return next
}
