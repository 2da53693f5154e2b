import { activateSkillTool } from './activate-skill'
import { askUserTool } from './ask-user'
import { bashTool } from './bash'
import { cancelTaskTool } from './cancel-task'
import { deleteTool } from './delete'
import { editTool } from './edit'
import { globTool } from './glob'
import { grepTool } from './grep'
import { invokeAgentTool } from './invoke-agent'
import { listTool } from './list'
import { listAgentsTool } from './list-agents'
import { listBackgroundTasksTool } from './list-background-tasks'
import { listSkillsTool } from './list-skills'
import { memoryReadTool } from './memory-read'
import { memoryWriteTool } from './memory-write'
import { readTool } from './read'
import { recallContextTool } from './recall-context'
import { thinkTool } from './think'
import { todoWriteTool } from './todo-write'
import type { Tool } from './tool'
import { waitTaskTool } from './wait-task'
import { webFetchTool } from './web-fetch'
import { webSearchTool } from './web-search'
import { writeTool } from './write'

/** Every built-in tool, in the order they are offered. Adding one: its file, and its line here. */
export const BUILT_IN_TOOLS: readonly Tool[] = [
  readTool,
  writeTool,
  editTool,
  deleteTool,
  bashTool,
  grepTool,
  globTool,
  listTool,
  webFetchTool,
  todoWriteTool,
  askUserTool,
  memoryReadTool,
  memoryWriteTool,
  webSearchTool,
  thinkTool,
  recallContextTool,
  invokeAgentTool,
  listAgentsTool,
  listSkillsTool,
  activateSkillTool,
  listBackgroundTasksTool,
  cancelTaskTool,
  waitTaskTool,
]
