/** Rounds an amount to whole cents. */
export function roundCents(amount) {
  return Math.round(amount * 100) / 100
}

/** An amount as people write it. */
export function formatMoney(amount) {
  return `${roundCents(amount).toFixed(2)} EUR`
}
