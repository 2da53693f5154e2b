import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020'
import { CLI } from './run-cli'

/** A JSON schema of the built program, as other programs use it. */
export function shippedSchema(name: string): ValidateFunction {
  const schema = JSON.parse(readFileSync(join(CLI, `../../assets/schemas/${name}.schema.json`), 'utf8'))
  return new Ajv2020({ strict: false, discriminator: false }).compile({ ...schema, $schema: undefined })
}
