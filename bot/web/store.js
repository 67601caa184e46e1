// What a reload must not lose: the thread and what was said, kept for this tab alone. Photos and voice notes are not
// kept: they are too large, and another person may use this browser next.

const KEPT_ENTRIES = 100;
const EMPTY = { threadId: null, threadSecret: null, epoch: null, settled: null, subject: null, entries: [] };

/** The state of one server's conversation. `settled` is the seq up to which `entries` are complete. */
export class Store {
  #key;

  constructor(base) {
    this.#key = `babeldesk:${base}`;
    this.state = { ...EMPTY, entries: [], ...this.#read() };
  }

  /** Writes down the state. A browser that refuses storage costs the reload, not the conversation. */
  save() {
    const entries = this.state.entries.filter((entry) => entry.role === "user" || entry.done).slice(-KEPT_ENTRIES);
    try {
      sessionStorage.setItem(this.#key, JSON.stringify({ ...this.state, entries }));
    } catch {
      // storage is off or full
    }
  }

  /** Begins anew: another thread, nothing said. */
  reset(subject) {
    this.state = { ...EMPTY, subject, entries: [] };
    this.save();
  }

  #read() {
    try {
      const state = JSON.parse(sessionStorage.getItem(this.#key));
      return state && Array.isArray(state.entries) ? state : {};
    } catch {
      return {};
    }
  }
}

/** Whom a token speaks for (the subject of a JWT), unchecked: only the server decides what it is worth. */
export function subjectOf(token) {
  try {
    const body = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(atob(body)).sub ?? null;
  } catch {
    return null;
  }
}
