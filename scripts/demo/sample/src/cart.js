import { formatMoney } from './money.js'

/** What everything in the cart costs. */
export function total(items) {
  return items.reduce((sum, item) => sum + item.price * item.count, 0)
}

/** The last line of a receipt. */
export function receipt(items) {
  return `Total: ${formatMoney(total(items))}`
}
