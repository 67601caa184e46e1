// The websocket: hello, resume, sequence numbers, heartbeat, and coming back after a break.

const LONGEST_WAIT = 15_000; // milliseconds, all of them
const PING_EVERY = 20_000;
const PONG_WITHIN = 10_000;
const SESSION_WITHIN = 15_000;
const CATCH_UP_WITHIN = 5_000;

/** Which events are new. `last` is the seq of the newest one taken, null where there was none yet. */
export class Sequence {
  #askedAt = null;

  constructor(last, epoch) {
    this.last = last;
    this.epoch = epoch;
  }

  /** "take", "skip" (seen before), or "gap" (ask for what is missing; asked once, then what comes is taken). */
  judge(event, catchingUp) {
    const { seq, epoch } = event.metadata ?? {};
    if (event.type === "MESSAGES_SNAPSHOT") {
      this.last = seq ?? null;
      this.epoch = epoch ?? this.epoch;
      return "take";
    }
    if (!Number.isInteger(seq)) return "take";
    // the stored ack of a message that was sent twice comes again with its old seq
    if (this.last !== null && seq <= this.last) return event.name === "ack" ? "take" : "skip";
    if (this.last !== null && seq > this.last + 1) {
      if (this.#askedAt !== this.last) {
        this.#askedAt = this.last;
        return "gap";
      }
      if (catchingUp) return "skip";
    }
    this.last = seq;
    return "take";
  }
}

/**
 * One connection that lasts as long as the page. `hooks`:
 * `hello()` gives the first frame; `session(value)` takes the answer and gives the Sequence to go on from and whether to
 * resume; `refused(event)` takes an error in its place; `event(event)` takes each new event in order; `ready()` says that
 * nothing is missed any more; `closed(code)` that the connection is gone; `status(state)` is for showing.
 */
export class Connection {
  #socket = null;
  #timers = new Map();
  #tries = 0;
  #threadId = null;
  #sequence = null;
  #catchingUp = false;
  #heard = 0;
  #wake = () => this.#wakeUp();

  constructor(url, hooks) {
    this.url = url;
    this.hooks = hooks;
  }

  get sequence() {
    return this.#sequence;
  }

  start() {
    addEventListener("online", this.#wake);
    document.addEventListener("visibilitychange", this.#wake);
    this.#open();
  }

  stop() {
    removeEventListener("online", this.#wake);
    document.removeEventListener("visibilitychange", this.#wake);
    this.#drop(1000);
  }

  /** Says hello again: the language or the customer is another now, or the server wants another thread. */
  restart() {
    this.#drop(1000);
    this.start();
  }

  /** Sends a frame; false where there is no connection. */
  send(frame) {
    if (this.#socket?.readyState !== WebSocket.OPEN || !this.#sequence) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Sends bytes (a Blob), in order with the frames. */
  sendBytes(blob) {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(blob);
  }

  #open() {
    this.#clear("retry");
    this.#sequence = null;
    this.hooks.status("connecting");
    const socket = new WebSocket(this.url);
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify(this.hooks.hello()));
    socket.onmessage = ({ data }) => socket === this.#socket && this.#frame(data);
    socket.onclose = ({ code }) => socket === this.#socket && this.#lost(code);
    this.#later("session", SESSION_WITHIN, () => this.#lost(1006));
  }

  /** Lets the connection go at once. A closing handshake with a server that is gone would last a minute. */
  #drop(code) {
    const socket = this.#socket;
    this.#socket = null;
    for (const name of [...this.#timers.keys()]) this.#clear(name);
    if (!socket) return;
    socket.close(1000);
    this.hooks.closed(code);
  }

  #lost(code) {
    this.#drop(code);
    this.hooks.status("connecting");
    const wait = Math.min(500 * 2 ** this.#tries, LONGEST_WAIT) * (0.75 + Math.random() / 2);
    this.#tries += 1;
    this.#later("retry", wait, () => this.#open());
  }

  #wakeUp() {
    if (document.visibilityState !== "visible") return;
    if (!this.#socket && this.#timers.has("retry")) this.#open();
    else if (this.#sequence) this.#ping();
  }

  #frame(data) {
    this.#heard = Date.now();
    this.#clear("pong");
    let frame;
    try {
      frame = JSON.parse(data);
    } catch {
      return;
    }
    if (typeof frame?.type !== "string") return;
    if (frame.type === "pong") this.#caughtUp();
    else if (this.#sequence) this.#event(frame);
    else if (frame.type === "CUSTOM" && frame.name === "session") this.#begin(frame);
    else if (frame.type === "RUN_ERROR") this.hooks.refused(frame);
  }

  #begin({ value }) {
    this.#clear("session");
    this.#threadId = value.threadId;
    const { sequence, resume } = this.hooks.session(value);
    this.#sequence = sequence;
    this.#heartbeat();
    this.#catchingUp = true;
    if (resume) this.#resume();
    else this.#caughtUp();
  }

  #event(frame) {
    const verdict = this.#sequence.judge(frame, this.#catchingUp);
    if (verdict === "take") this.hooks.event(frame);
    if (verdict === "gap") this.#resume();
  }

  /** Asks for what was missed; the pong after it marks its end. */
  #resume() {
    const { last, epoch } = this.#sequence;
    this.#catchingUp = true;
    this.send({ type: "resume", threadId: this.#threadId, lastSeq: last ?? 0, epoch });
    this.send({ type: "ping" });
    this.#later("catch up", CATCH_UP_WITHIN, () => this.#caughtUp());
  }

  #caughtUp() {
    this.#clear("catch up");
    if (!this.#catchingUp) return;
    this.#catchingUp = false;
    this.#tries = 0;
    this.hooks.status("online");
    this.hooks.ready();
  }

  #heartbeat() {
    this.#later("ping", PING_EVERY, () => {
      if (Date.now() - this.#heard >= PING_EVERY) this.#ping();
      this.#heartbeat();
    });
  }

  #ping() {
    // while a large message is still going out, no answer is no sign of a break
    if (this.#socket.bufferedAmount > 0 || this.#timers.has("pong")) return;
    this.send({ type: "ping" });
    this.#later("pong", PONG_WITHIN, () => this.#lost(1006));
  }

  #later(name, wait, act) {
    this.#clear(name);
    this.#timers.set(name, setTimeout(() => (this.#timers.delete(name), act()), wait));
  }

  #clear(name) {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }
}
