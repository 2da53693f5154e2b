/** Writes the JSON schemas of everything that scripts and editors rely on into dist/assets/schemas/; run by the build. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { toJsonSchema } from '@valibot/to-json-schema'
import { projectFileSchema } from '#shared/config/project-file'
import { agentFileSchema } from '#shared/context/agents/read-agent'
import {
  graphSchema,
  packetSchema,
  replaySchema,
  runResultSchema,
  summarySchema,
  undoSchema,
} from '#shared/pipelines/contracts'
import { streamLineSchema } from '#shared/pipelines/event-contract'
import { inputLineSchema } from '#shared/protocol/input-lines'

const SCHEMAS = {
  'stream-line.schema': streamLineSchema,
  'input-line.schema': inputLineSchema,
  'kode.schema': projectFileSchema,
  'agent.schema': agentFileSchema,
  'summary.schema': summarySchema,
  'run-result.schema': runResultSchema,
  'undo.schema': undoSchema,
  'replay.schema': replaySchema,
  'plan-packet.schema': packetSchema,
  'plan-graph.schema': graphSchema,
}

const folder = 'dist/assets/schemas'
mkdirSync(folder, { recursive: true })
for (const [name, schema] of Object.entries(SCHEMAS)) {
  const json = toJsonSchema(schema, { typeMode: 'input', errorMode: 'ignore' })
  writeFileSync(join(folder, `${name}.json`), `${JSON.stringify(json, null, 2)}\n`)
}
