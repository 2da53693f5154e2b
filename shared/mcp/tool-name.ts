import { createHash } from 'node:crypto'

/** What every provider takes. */
const MAX_NAME_CHARS = 64

/**
 * The name under which the model calls a server's tool: `<server>__<tool>`. The server's name holds no `__`, so that
 * the first one divides the two whatever the tool is called.
 *
 * @param isTaken whether another tool has the name already, in any case
 */
export function toolName(server: string, tool: string, isTaken: (name: string) => boolean): string {
  const plain = `${server}__${tool.replace(/[^A-Za-z0-9_-]/g, '_')}`
  if (plain.length <= MAX_NAME_CHARS && !isTaken(plain)) return plain
  const mark = `_${createHash('sha256').update(tool).digest('hex').slice(0, 8)}`
  return plain.slice(0, MAX_NAME_CHARS - mark.length) + mark
}
