import account from '@vscode/codicons/src/icons/account.svg?raw'
import add from '@vscode/codicons/src/icons/add.svg?raw'
import arrowDown from '@vscode/codicons/src/icons/arrow-down.svg?raw'
import arrowUp from '@vscode/codicons/src/icons/arrow-up.svg?raw'
import bookmark from '@vscode/codicons/src/icons/bookmark.svg?raw'
import check from '@vscode/codicons/src/icons/check.svg?raw'
import todo from '@vscode/codicons/src/icons/checklist.svg?raw'
import chevronDown from '@vscode/codicons/src/icons/chevron-down.svg?raw'
import chevronRight from '@vscode/codicons/src/icons/chevron-right.svg?raw'
import circleSlash from '@vscode/codicons/src/icons/circle-slash.svg?raw'
import close from '@vscode/codicons/src/icons/close.svg?raw'
import copy from '@vscode/codicons/src/icons/copy.svg?raw'
import stop from '@vscode/codicons/src/icons/debug-stop.svg?raw'
import diff from '@vscode/codicons/src/icons/diff.svg?raw'
import discard from '@vscode/codicons/src/icons/discard.svg?raw'
import edit from '@vscode/codicons/src/icons/edit.svg?raw'
import error from '@vscode/codicons/src/icons/error.svg?raw'
import file from '@vscode/codicons/src/icons/file.svg?raw'
import folder from '@vscode/codicons/src/icons/folder.svg?raw'
import globe from '@vscode/codicons/src/icons/globe.svg?raw'
import info from '@vscode/codicons/src/icons/info.svg?raw'
import insert from '@vscode/codicons/src/icons/insert.svg?raw'
import lightbulb from '@vscode/codicons/src/icons/lightbulb.svg?raw'
import link from '@vscode/codicons/src/icons/link-external.svg?raw'
import mention from '@vscode/codicons/src/icons/mention.svg?raw'
import question from '@vscode/codicons/src/icons/question.svg?raw'
import search from '@vscode/codicons/src/icons/search.svg?raw'
import send from '@vscode/codicons/src/icons/send.svg?raw'
import shield from '@vscode/codicons/src/icons/shield.svg?raw'
import terminal from '@vscode/codicons/src/icons/terminal.svg?raw'
import tools from '@vscode/codicons/src/icons/tools.svg?raw'
import trash from '@vscode/codicons/src/icons/trash.svg?raw'
import warning from '@vscode/codicons/src/icons/warning.svg?raw'

/** The icons in use, as SVG text of the codicon set: no font has to be loaded. */
export const ICONS = {
  account,
  add,
  'arrow-down': arrowDown,
  'arrow-up': arrowUp,
  bookmark,
  check,
  'chevron-down': chevronDown,
  'chevron-right': chevronRight,
  'circle-slash': circleSlash,
  close,
  copy,
  diff,
  discard,
  edit,
  error,
  file,
  folder,
  globe,
  info,
  insert,
  lightbulb,
  link,
  mention,
  question,
  search,
  send,
  shield,
  stop,
  terminal,
  todo,
  tools,
  trash,
  warning,
} as const

export type IconName = keyof typeof ICONS
