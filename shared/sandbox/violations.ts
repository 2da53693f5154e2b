/** What the wall held back, worded for the model: what happened, why, what to do instead. */

const READ_ONLY =
  /([^\s'"`:]*\/[^\s'"`:]+)['"`]?:? (?:Read-only file system|Device or resource busy|Invalid cross-device link)/g
const READ_ONLY_NODE = /\b(?:EROFS|EBUSY): [^\n]*?'([^'\n]+)'/g
const NOT_PERMITTED = /Operation not permitted|EPERM/
const NO_NETWORK =
  /Could not resolve host|Temporary failure in name resolution|Network is unreachable|getaddrinfo (?:EAI_AGAIN|ENOTFOUND)|ENETUNREACH|dial tcp: lookup/

/** Of many paths, the first few tell the story. */
const MAX_PATHS = 5

/**
 * What the error output of a failed command says about the wall.
 *
 * @param protectedPaths of the project, absolute
 */
export function violationsIn(stderr: string, root: string, protectedPaths: Iterable<string>): string[] {
  const found: string[] = []
  const known = [...protectedPaths]
  for (const path of blockedPaths(stderr)) {
    const absolute = path.startsWith('/') ? path : `${root}/${path.replace(/^\.\//, '')}`
    const rule = known.find(each => absolute === each || absolute.startsWith(`${each}/`) || absolute === `${each}.lock`)
    found.push(
      rule
        ? `${path} was not changed: ${rule} is protected, it decides what runs outside the sandbox. Ask the user to change it, or to approve running this command outside the sandbox.`
        : `${path} was not written: outside the project and /tmp everything is read-only. Write inside the project, or ask the user.`,
    )
  }
  if (NO_NETWORK.test(stderr)) {
    found.push(
      'There is no direct network in the sandbox: only HTTP and HTTPS through the proxy of HTTP_PROXY and HTTPS_PROXY, to allowed hosts.',
    )
  }
  if (found.length === 0 && NOT_PERMITTED.test(stderr)) {
    found.push(
      'Something was not permitted: the sandbox denies socket files (docker, ssh-agent), mounts, namespaces and s-bits. What cannot work inside can only run outside, if the user approves that.',
    )
  }
  return found
}

function blockedPaths(stderr: string): string[] {
  const paths = [...stderr.matchAll(READ_ONLY), ...stderr.matchAll(READ_ONLY_NODE)].map(match => match[1]!)
  return [...new Set(paths)].slice(0, MAX_PATHS)
}
