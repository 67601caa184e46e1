// What was said, as the page keeps it. An entry is
//   {id, role: "user", runId, text, photos, voice, state, over, heard, seen, error}: `photos` is their number, `voice` the
//   seconds of the voice note or null, `state` "pending", "acknowledged" or "failed", `over` whether its run has ended; or
//   {id, role: "assistant", text, done, reply}: `reply` is the Reply once it is there, `done` whether all its text is.

import { newId } from "./dom.js";

/** A message of the customer that is about to be sent. */
export function ownEntry(id, { text, photos, voice }) {
  return {
    id, role: "user", runId: newId(), text, photos: photos.length, voice: voice?.seconds ?? null, state: "pending", over: false,
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
