import { askUserTool } from './ask-user'
import { bashTool } from './bash'
import { deleteTool } from './delete'
import { editTool } from './edit'
import { globTool } from './glob'
import { grepTool } from './grep'
import { listTool } from './list'
import { memoryReadTool } from './memory-read'
import { readTool } from './read'
import { todoWriteTool } from './todo-write'
import type { Tool } from './tool'
import { webFetchTool } from './web-fetch'
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
]
