import * as v from 'valibot'
import { effectOf } from '#shared/trust/effects'
import { defineTool } from './tool'

const input = v.object({
  text: v.pipe(v.string(), v.trim(), v.nonEmpty('must not be blank')),
})

/** A step of reasoning, for models that think only in what they write. It stays in the conversation with the call. */
export const thinkTool = defineTool({
  name: 'Think',
  description: 'Writes a thought down, before a difficult step. Changes nothing.',
  input,
  isReadOnly: true,
  async prepare({ text }) {
    return {
      kind: 'action',
      title: text,
      effect: effectOf('read_only', 'thinks'),
      run: async () => ({ text: 'Noted.' }),
    }
  },
})
