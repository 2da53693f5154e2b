/** What happened, as a sentence, and what to do about it where that is known. */
export function withAdvice({ message, advice }: { message: string; advice?: string }): string {
  if (!advice) return message
  return /[.!?]$/.test(message) ? `${message} ${advice}` : `${message}. ${advice}`
}
