/** The server has said that it will not take a message (basic.nack): there is no room for it, or it cannot keep it. */
export class Refused extends Error {
  constructor() {
    super("the server would not take it (basic.nack): the queue is full by a policy, or cannot keep anything now");
  }
}
