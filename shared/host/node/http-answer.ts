import type { ClientRequest, IncomingMessage } from 'node:http'

/**
 * The head of the answer to a request. Rejects when the connection breaks, or ends without an answer, such as after a switch
 * to another protocol that nobody asked for.
 */
export function answerTo(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve)
    request.on('error', reject)
    request.once('close', () => reject(new Error('the connection was closed without an answer')))
  })
}
