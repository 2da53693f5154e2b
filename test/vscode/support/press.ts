import { errors, type Locator } from 'playwright-core'
import { expect } from 'vitest'

/** A step of the mouse that finds nothing to hit in this time begins again. */
const STEP_MS = 3_000
/** How long a slow machine may take to show that a click was heard; a click that missed costs as much. */
const PATIENCE_MS = 6_000
const TIMEOUT_MS = 60_000

/**
 * Clicks until the product heard it. The editor moves its rows, lenses and buttons whenever something near them
 * changes, also between the look for a place and the click on it: a click that was made is none that was heard.
 *
 * @param target looked for anew before every click
 * @param isHeard asked before every click too; a second click while it is false must do no harm
 * @param hovered what shows the target only while the pointer is over it
 */
export async function press(
  target: () => Locator | Promise<Locator>,
  isHeard: () => boolean | Promise<boolean>,
  hovered?: Locator,
): Promise<void> {
  const attempt = async () => {
    if (await isHeard()) return true
    await click(target, hovered)
    return expect
      .poll(isHeard, { timeout: PATIENCE_MS, interval: 100 })
      .toBe(true)
      .then(
        () => true,
        () => false,
      )
  }
  await expect.poll(attempt, { timeout: TIMEOUT_MS }).toBe(true)
}

async function click(target: () => Locator | Promise<Locator>, hovered: Locator | undefined): Promise<void> {
  try {
    await hovered?.hover({ timeout: STEP_MS })
    await (await target()).click({ timeout: STEP_MS })
  } catch (error) {
    // What moved away is looked for again.
    if (!(error instanceof errors.TimeoutError)) throw error
  }
}
