// What was said, as the page keeps it. An entry is
//   {id, role: "user", runId, text, photos, voice, state, over, heard, seen, error}: `photos` is their number, `voice` the
//   seconds of the voice note or null, `heard` its transcript (`partial` until the server has heard all of it), `state`
//   "pending", "acknowledged" or "failed", `over` whether its run has ended; or
//   {id, role: "assistant", text, done, reply}: `reply` is the Reply once it is there, `done` whether all its text is.

import { newId } from "./dom.js";

/** A message of the customer that is about to be sent. */
export function ownEntry(id, { text, photos, voice }) {
  return {
    id, role: "user", runId: voice?.stream?.id === id ? voice.stream.runId : newId(), text, photos: photos.length,
    voice: voice?.seconds ?? null, heard: voice?.heard ?? undefined, state: "pending", over: false,
  };
}

/** The frame that sends a message with its `media` ({photos, voice}) to a thread. */
export function runOf(entry, media, threadId, locale) {
  const { photos = [], voice = null } = media ?? {};
  const parts = [...photos, ...(voice ? [voice] : [])].map(({ part }) => part);
  const content = [...(entry.text ? [{ type: "text", text: entry.text }] : []), ...parts];
  return {
    type: "run",
    input: {
      threadId, runId: entry.runId, messages: [{ id: entry.id, role: "user", content }],
      state: {}, tools: [], context: [], forwardedProps: { locale },
    },
  };
}

/** A message of a snapshot (AG-UI) as an entry; `known` is what this page has of it. */
export function entryOf({ id, role, content, metadata }, known) {
  const parts = typeof content === "string" ? [{ type: "text", text: content }] : (content ?? []);
  const text = parts.filter(({ type }) => type === "text").map((part) => part.text).join("\n");
  if (role === "assistant") return { id, role, text, done: true, reply: metadata?.reply ?? known?.reply ?? null };
  if (known?.over) return known;
  if (known) return { ...known, text: known.text || text, state: "acknowledged", error: undefined };
  const photos = parts.filter(({ type }) => type === "image").length;
  const voice = parts.some(({ type }) => type === "audio") ? 0 : null;
  return { id, role, text, photos, voice, state: "acknowledged", over: true };
}
