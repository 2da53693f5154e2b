/** True for names and addresses of this very machine. */
export function isLoopback(hostname: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d+){3}|\[?::1\]?)$/i.test(hostname)
}

/** Loopback and private addresses, and names without a domain: somebody's own server. */
export function isPrivateHost(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { hostname } = new URL(url)
  return (
    isLoopback(hostname) ||
    /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|\[f[cd]|\[fe80)/i.test(hostname) ||
    /\.(local|lan|internal|home\.arpa)$/i.test(hostname) ||
    !/[.:]/.test(hostname)
  )
}
