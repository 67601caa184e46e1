// One customer's conversation: what was said, and what the server's events make of it. No DOM here: `view` shows it.

import { Connection, Sequence } from "./connection.js";
import { entryOf, ownEntry, runOf } from "./entries.js";
import { Outbox } from "./outbox.js";
import { Store, subjectOf } from "./store.js";
import { Streaming } from "./streaming.js";

// Errors that this page found, which an acknowledgement that comes after all makes untrue.
const OURS = new Set(["connection", "media_lost"]);

/** `media` holds what was attached, by message id, while the page lives; entries.js says what entries are. */
export class Conversation {
  #run = null;
  media = new Map();

  constructor(base, view) {
    this.base = base;
    this.view = view;
    this.store = new Store(base);
    this.outbox = new Outbox(
      (message) => this.#transmit(message),
      ({ id }, code) => this.#fail(this.#find(id), { code, retry: code === "connection" }),
    );
    this.connection = new Connection(new URL("chat", base.replace(/^http/, "ws")), {
      hello: () => this.#hello(),
      session: (value) => this.#session(value),
      refused: (event) => this.#refused(event),
      event: (event) => this.#event(event),
      ready: () => this.#ready(),
      closed: (code) => (this.streaming.close(), this.outbox.close(code)),
      status: (state) => this.view.status(state),
    });
    this.streaming = new Streaming(this.connection);
  }

  get entries() {
    return this.store.state.entries;
  }

  /** Connects as whom `token` says (null: anonymous), with replies in `locale` where nothing else decides it. */
  start(token, locale) {
    this.#as(token, locale);
    this.view.redraw(this.entries, this.media);
    for (const entry of this.entries) {
      if (entry.state === "pending" && this.#whole(entry)) this.outbox.add({ id: entry.id });
    }
    this.connection.start();
  }

  /** Goes on as somebody else, or in another language. */
  change(token, locale) {
    this.#as(token, locale);
    this.connection.restart();
  }

  stop() {
    this.connection.stop();
  }

  /** Sends a message of text, photos (`{part, url}`) and a voice note (`{part, url, seconds, levels}`), any of them. */
  submit({ text, photos = [], voice = null }, id = this.streaming.idFor({ text, photos, voice })) {
    const entry = ownEntry(id, { text, photos, voice });
    if (photos.length || voice) this.media.set(id, { photos, voice });
    this.entries.push(entry);
    this.store.save();
    this.view.add(entry, this.media.get(id));
    this.outbox.add({ id });
  }

  /** Begins to send a voice note while it is recorded; streaming.js says how it goes on. */
  stream(mimeType, onHeard) {
    return this.streaming.begin(this.store.state.threadId, mimeType, onHeard);
  }

  /** Sends a failed message again, under its id: the server answers one that failed as if it were new. */
  retry(id) {
    const entry = this.#find(id);
    if (entry?.state !== "failed") return;
    const media = this.media.get(id);
    this.media.delete(id);
    this.store.state.entries = this.entries.filter((other) => other !== entry);
    this.view.remove(entry);
    this.submit({ text: entry.text, ...media }, id);
  }

  #as(token, locale) {
    const subject = token ? subjectOf(token) : null;
    const { state } = this.store;
    // nobody sees what another customer said in this browser; who signs in goes on
    if (state.subject !== null && state.subject !== subject) {
      this.store.reset(subject);
      this.media.clear();
      this.view.redraw([], this.media);
    }
    this.store.state.subject = subject;
    this.token = token;
    this.locale = locale;
    this.anew = false;
  }

  #hello() {
    const { threadId, threadSecret } = this.store.state;
    const known = threadId && !this.anew ? { threadId, threadSecret } : {};
    return { type: "hello", ...(this.token && { token: this.token }), ...known, locale: this.locale };
  }

  #session({ threadId, threadSecret, epoch }) {
    const { state } = this.store;
    const same = state.threadId === threadId;
    if (!same) {
      state.entries = state.entries.filter((entry) => entry.state === "pending");
      Object.assign(state, { threadId, epoch, settled: null });
      this.#run = null;
      this.view.redraw(state.entries, this.media);
    }
    state.threadSecret = threadSecret ?? state.threadSecret;
    this.anew = false;
    this.store.save();
    const sequence = same && this.sequence ? this.sequence : new Sequence(state.settled ?? 0, state.epoch);
    this.sequence = sequence;
    return { sequence, resume: same };
  }

  /** The server won't have the thread: begin another. It won't have the customer either: say so. */
  #refused({ code, message }) {
    if (code !== "refused") return;
    if (this.store.state.threadId && !this.anew) {
      this.anew = true;
      this.connection.restart();
    } else {
      this.anew = false; // the thread may be theirs again with another token
      this.connection.stop();
      this.view.status("refused", message);
    }
  }

  #ready() {
    for (const entry of this.entries) {
      // the photo or voice note went with the page that was reloaded
      if (entry.state === "pending" && !this.outbox.has(entry.id)) this.#fail(entry, { code: "media_lost", retry: false });
    }
    this.outbox.open();
  }

  #transmit({ id }) {
    if (this.streaming.end(id)) return true;
    return this.connection.send(runOf(this.#find(id), this.media.get(id), this.store.state.threadId, this.locale));
  }

  #event(event) {
    this.#apply(event);
    if (this.#run) return;
    // between runs all that was said is complete, and a reload may go on from here
    Object.assign(this.store.state, { settled: this.sequence.last, epoch: this.sequence.epoch });
    this.store.save();
  }

  #apply(event) {
    switch (event.type) {
      case "RUN_STARTED":
        this.#run = { id: event.runId, steps: [], reply: null };
        return this.view.working("working");
      case "STEP_STARTED":
        return this.#step((steps) => [...steps, event.stepName]);
      case "STEP_FINISHED":
        return this.#step((steps) => steps.filter((step) => step !== event.stepName));
      case "CUSTOM":
        return this.#custom(event.name, event.value ?? {});
      case "TEXT_MESSAGE_START":
        return void this.#reply(event.messageId);
      case "TEXT_MESSAGE_CONTENT":
        return this.#say(event);
      case "TEXT_MESSAGE_END":
        return this.#said(this.#reply(event.messageId), null);
      case "RUN_FINISHED":
        return this.#finished(event);
      case "RUN_ERROR":
        return this.#error(event);
      case "MESSAGES_SNAPSHOT":
        return this.#snapshot(event.messages ?? []);
    }
  }

  #custom(name, value) {
    const mine = this.#find(value.messageId) ?? this.#ofRun(this.#run?.id);
    if (name === "transcript" && value.partial) this.streaming.heard(value);
    else if (name === "ack" && value.messageId) this.#acknowledge(value.messageId);
    else if (name === "transcript" && mine) this.#learn(mine, { heard: value });
    else if (name === "seen" && mine) this.#learn(mine, { seen: value });
    // within a run its steps and its reply say so already; outside it is a person on the shop's side
    else if (name === "typing" && !this.#run) this.view.working("typing");
    else if (name === "handoff" && !this.#run) this.view.notice("handoff", value.reason);
  }

  #learn(entry, facts) {
    Object.assign(entry, facts);
    this.store.save();
    this.view.update(entry);
  }

  #acknowledge(id) {
    const entry = this.#find(id);
    if (entry?.error && OURS.has(entry.error.code)) Object.assign(entry, { error: undefined, over: false });
    if (entry && !entry.error) this.#learn(entry, { state: "acknowledged" });
    this.outbox.done(id);
  }

  #step(change) {
    if (!this.#run) return;
    this.#run.steps = change(this.#run.steps);
    this.view.working(this.#run.steps.at(-1) ?? "working");
  }

  /** The reply with this id, begun where there is none. */
  #reply(id) {
    let entry = this.#find(id);
    if (!entry) {
      entry = { id, role: "assistant", text: "", done: false, reply: null };
      this.entries.push(entry);
      this.view.add(entry);
    }
    if (this.#run) this.#run.reply = entry;
    return entry;
  }

  #say({ messageId, delta }) {
    const entry = this.#reply(messageId);
    if (entry.done) return;
    entry.text += delta;
    this.view.stream(entry, delta);
  }

  #said(entry, reply) {
    Object.assign(entry, { done: true, reply: reply ?? entry.reply, text: reply?.text || entry.text });
    this.view.update(entry);
  }

  #finished({ runId, result }) {
    const mine = this.#ofRun(runId);
    if (mine) {
      this.#acknowledge(mine.id);
      this.#learn(mine, { over: true, heard: mine.heard?.partial ? undefined : mine.heard });
    }
    if (result?.text) this.#said(this.#run?.reply ?? this.#reply(`reply-${runId}`), result);
    this.#endRun();
  }

  #endRun() {
    if (this.#run?.reply) this.#said(this.#run.reply, null);
    this.#run = null;
    this.view.working(null);
  }

  /** An error belongs to the message of the run that it ended, else to the one that was on its way. */
  #error({ code = "error", message, metadata }) {
    if (this.streaming.refuse(metadata?.runId)) return;
    const mine = this.#ofRun(metadata?.runId ?? this.#run?.id) ?? this.#find(this.outbox.flying?.id);
    if (!metadata?.runId || metadata.runId === this.#run?.id) this.#endRun();
    if (mine) this.#fail(mine, { code, message, retry: metadata?.retry === true });
    else this.view.notice("error", code, message);
  }

  #fail(entry, error) {
    entry.error = { ...error, retry: error.retry && this.#whole(entry) };
    this.#learn(entry, { state: "failed", over: true });
    this.outbox.done(entry.id);
  }

  /** Whether all that the message holds is still here. */
  #whole(entry) {
    return this.media.has(entry.id) || !(entry.photos || entry.voice !== null);
  }

  /** The server's word on all that was said; only what is still on its way out stays beside it. */
  #snapshot(messages) {
    const unsent = this.entries.filter((entry) => entry.role === "user" && entry.state !== "acknowledged");
    const said = messages.filter(({ role }) => role === "user" || role === "assistant");
    const known = new Set(said.map(({ id }) => id));
    for (const id of known) this.outbox.done(id);
    this.store.state.entries = [
      ...said.map((message) => entryOf(message, this.#find(message.id))), ...unsent.filter(({ id }) => !known.has(id)),
    ];
    this.#run = null;
    this.view.redraw(this.entries, this.media);
    // a run that the server lost is begun again by its message; one that goes on is only acknowledged again
    const open = this.entries.filter((entry) => entry.role === "user" && known.has(entry.id) && !entry.over);
    for (const entry of open.filter((one) => this.#whole(one))) this.outbox.add({ id: entry.id });
  }

  #find(id) {
    return id === undefined ? undefined : this.entries.find((entry) => entry.id === id);
  }

  #ofRun(runId) {
    return runId === undefined ? undefined : this.entries.find((entry) => entry.runId === runId);
  }
}
