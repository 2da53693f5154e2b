/** Ceilings for one command and everything it starts. */
export interface Limits {
  processes: number
  /** Resident memory of all its processes together. */
  memoryBytes: number
  /** One file. */
  fileBytes: number
  /** Disk space that goes away while it runs. */
  diskBytes: number
  /** Disk space that always stays free. */
  freeDiskBytes: number
  /** Printed; what is kept of it is less. */
  outputBytes: number
}

const MB = 1024 * 1024

/** High enough for builds, low enough that the machine stays usable. */
export const DEFAULT_LIMITS: Limits = {
  processes: 2048,
  memoryBytes: 8192 * MB,
  fileBytes: 8192 * MB,
  diskBytes: 16_384 * MB,
  freeDiskBytes: 256 * MB,
  outputBytes: 512 * MB,
}
