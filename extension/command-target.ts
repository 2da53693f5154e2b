/**
 * What a command is about: what hands itself over, such as a row of a tree, or what is active where nothing does. A row
 * that the editor threw away while it was pressed comes as `undefined`: it means no other, above all not what is active.
 *
 * @param given the arguments of the command; the palette and keys give none
 */
export function targetOf<Target>(
  given: readonly unknown[],
  placeOf: (handed: unknown) => Target | undefined,
  active: () => Target | undefined,
): Target | undefined {
  return given.length === 0 ? active() : placeOf(given[0])
}
