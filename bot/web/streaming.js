// A voice note that goes to the server while it is being recorded, so that its words come back along the way.
//
// The page keeps the whole note as well. A stream that breaks costs only those words: the note is then sent at once.

import { newId } from "./dom.js";

export class Streaming {
  #note = null; // the one that the server holds

  constructor(connection) {
    this.connection = connection;
  }

  /**
   * Begins a note in a thread. `onHeard(value)` is told what is sure of it, each time longer. Gives `{id, runId, add,
   * cancel}`, the ids of its message and its run; null where there is no connection.
   */
  begin(threadId, mimeType, onHeard) {
    this.#cancel(this.#note); // the server holds one at a time
    const note = { id: newId(), runId: newId(), onHeard };
    const started = this.connection.send({ type: "audio.start", threadId, runId: note.runId, messageId: note.id, mimeType });
    if (!started) return null;
    this.#note = note;
    return {
      id: note.id, runId: note.runId,
      add: (blob) => this.#note === note && this.connection.sendBytes(blob),
      cancel: () => this.#cancel(note),
    };
  }

  /** Whether the server holds the note of this message. */
  holds(id) {
    return this.#note !== null && this.#note.id === id;
  }

  /**
   * The id for a new message. A voice note that the server holds, and that is all of the message, is one already; with
   * something beside it the message is sent whole, and what the server holds is no longer needed.
   */
  idFor({ text, photos, voice }) {
    const id = voice?.stream?.id;
    if (!text && !photos.length && this.holds(id)) return id;
    voice?.stream?.cancel();
    return newId();
  }

  /** Says that the note of this message is whole; false where the server does not hold it. */
  end(id) {
    if (!this.holds(id)) return false;
    this.#note = null;
    return this.connection.send({ type: "audio.end" });
  }

  heard(value) {
    if (this.holds(value.messageId)) this.#note.onHeard(value);
  }

  /** The server won't have the note of this run; whether there was such a one. */
  refuse(runId) {
    const mine = this.#note !== null && this.#note.runId === runId;
    if (mine) this.#note = null;
    return mine;
  }

  /** The connection is gone, and the server's note with it. */
  close() {
    this.#note = null;
  }

  #cancel(note) {
    if (note === null || this.#note !== note) return;
    this.#note = null;
    this.connection.send({ type: "cancel", runId: note.runId });
  }
}
