import { expect, test } from 'vitest'
import { gateLines } from '../../extension/verdict-text'
import { MISSING_CALL, reportWith } from '../vscode/support/sample-events'

test('a report names every gate with its status, and what it found; a gate that was not run never reads as passed', () => {
  expect(gateLines(reportWith('calls', 'FAIL', [MISSING_CALL])).split('\n')).toEqual([
    '- ✓ PASS `diff_applier`',
    '- ✓ PASS `syntax`',
    '- ✓ PASS `imports`',
    '- ✗ FAIL `calls`: sumOrdrs does not exist in src/orders.ts',
    '  - src/orders.ts:4 sumOrdrs does not exist in src/orders.ts – Did you mean sumOrders?',
    '- – SKIP `blast_radius`: not run',
    '- – SKIP `architecture`: not run',
    '- – SKIP `security`: not run',
  ])
})
