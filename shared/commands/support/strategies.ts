/** Source: spec/kode.md §10.1. */
export const STRATEGIES = [
  { id: 'alpha', strategy: 'minimal', framing: 'Solve this with the least code that is right.' },
  { id: 'beta', strategy: 'modular', framing: 'Solve this with clean, separate modules and explicit dependencies.' },
  { id: 'gamma', strategy: 'aggressive', framing: 'Solve this for the best performance and robustness.' },
] as const
