import assert from 'node:assert/strict'
import { test } from 'node:test'
import { receipt, total } from '../src/cart.js'

const items = [
  { price: 2.5, count: 2 },
  { price: 10, count: 1 },
]

test('the total adds prices by count', () => {
  assert.equal(total(items), 15)
})

test('the receipt shows the total', () => {
  assert.equal(receipt(items), 'Total: 15.00 EUR')
})
