// Messages on their way out: one at a time and in order, each until the server has acknowledged or refused it.

const TRIES = 4;

/**
 * `transmit(message)` sends one message and says whether it went out; `giveUp(message, code)` is told of a message that
 * breaks the connection every time.
 */
export class Outbox {
  #waiting = [];
  #flying = null;
  #ready = false;

  constructor(transmit, giveUp) {
    this.transmit = transmit;
    this.giveUp = giveUp;
  }

  /** The message that went out and is not yet acknowledged, or null. */
  get flying() {
    return this.#flying;
  }

  add(message) {
    this.#waiting.push({ ...message, tries: 0 });
    this.#next();
  }

  has(id) {
    return this.#flying?.id === id || this.#waiting.some((message) => message.id === id);
  }

  /** The server has, or will never take, the message. */
  done(id) {
    if (this.#flying?.id === id) this.#flying = null;
    this.#waiting = this.#waiting.filter((message) => message.id !== id);
    this.#next();
  }

  /** There is a connection, and what was missed has been caught up with. */
  open() {
    this.#ready = true;
    this.#next();
  }

  /** The connection is gone; `code` is the websocket's close code. What was flying goes out again, under its id. */
  close(code) {
    this.#ready = false;
    const message = this.#flying;
    if (!message) return;
    this.#flying = null;
    if (code === 1009) this.giveUp(message, "too_large");
    else if (message.tries >= TRIES) this.giveUp(message, "connection");
    else this.#waiting.unshift(message);
  }

  #next() {
    if (!this.#ready || this.#flying || !this.#waiting.length) return;
    const message = this.#waiting[0];
    if (!this.transmit(message)) return;
    message.tries += 1;
    this.#flying = this.#waiting.shift();
  }
}
