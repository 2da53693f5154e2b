import syncFs from 'node:fs'
import fs from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

/** Every call that reaches the disk is counted; before the n-th the process dies. */
export function dieAtCall(last: number): void {
  let calls = 0
  const count = () => {
    if (++calls === last) process.kill(process.pid, 'SIGKILL')
  }
  const counting = (target: object, names: readonly string[]) => {
    for (const name of names) {
      const original = Reflect.get(target, name)
      Reflect.set(target, name, function (this: unknown, ...args: unknown[]) {
        count()
        return Reflect.apply(original, this, args)
      })
    }
  }
  counting(fs, ['open', 'unlink', 'mkdir', 'rm', 'writeFile'])
  counting(syncFs, ['renameSync', 'linkSync', 'unlinkSync', 'mkdirSync', 'rmdirSync', 'symlinkSync'])
  syncBuiltinESMExports()
  const open = fs.open
  fs.open = async (...args: Parameters<typeof open>) => {
    const file = await open(...args)
    counting(file, ['write', 'writeFile', 'sync', 'datasync', 'chmod', 'chown', 'close'])
    return file
  }
}
