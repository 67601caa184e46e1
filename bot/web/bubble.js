// One message as the customer sees it.

import { clip } from "./clip.js";
import { h, icon } from "./dom.js";
import { directionOf } from "./phrases.js";
import { citations, cards, note } from "./reply.js";

const STATE_ICONS = { pending: "clock", acknowledged: "check", failed: "alert" };

/**
 * The customer's own message. Gives `{element, update}`; `update()` shows what has become of `entry` since, and leaves
 * the rest alone, so that a voice note goes on playing. `say` is `{t, locale, base, retry, record}`.
 */
export function ownBubble(entry, media, say) {
  const { t } = say;
  const voice = entry.voice === null ? null : { seconds: entry.voice, ...media?.voice };
  const body = h("div", { class: "bubble" },
    pictures(entry, media, t),
    voice && clip(voice, t),
    entry.text && h("p", { class: "words", dir: "auto" }, entry.text));
  const learnt = h("div", { class: "learnt" });
  const state = h("div", { class: "state" });
  const failure = h("div", { class: "failure" });
  const row = h("div", { class: "row" }, state, body);
  const element = h("article", { class: "message own", "aria-label": t("you") }, row, learnt, failure);
  const update = () => {
    learnt.replaceChildren(...[heard(entry.heard, t), ...seen(entry.seen, t)].filter(Boolean));
    element.dataset.state = entry.state;
    state.title = t(`state_${entry.state}`);
    state.replaceChildren(icon(STATE_ICONS[entry.state]), h("span", { class: "unseen" }, t(`state_${entry.state}`)));
    const retry = entry.error?.retry
      && h("button", { type: "button", class: "link", onclick: () => say.retry(entry.id) }, icon("retry"), t("retry"));
    failure.replaceChildren(...(entry.error ? [...why(entry.error, t), ...(retry ? [retry] : [])] : []));
  };
  update();
  return { element, update };
}

function pictures(entry, media, t) {
  if (!entry.photos) return null;
  const shown = media?.photos ?? [];
  if (!shown.length) return h("p", { class: "gone" }, icon("photo"), t("photos_sent", { count: entry.photos }));
  return h("div", { class: "photos" }, shown.map(({ url }, index) => h("img", { src: url, alt: t("photo_number", { number: index + 1 }) })));
}

function heard(value, t) {
  if (!value?.text) return null;
  return h("p", { class: "heard" }, icon("microphone"), h("span", { class: "unseen" }, t("heard")),
    h("q", { dir: "auto", lang: value.language || null }, value.text));
}

function seen(value, t) {
  const facts = [
    ["seen", value?.labels], ["seen_barcodes", value?.barcodes], ["seen_text", value?.text && [value.text]],
  ];
  return facts.filter(([, found]) => found?.length).map(([key, found]) => h("p", { class: "seen" },
    icon("eye"), h("span", {}, t(key)), " ", h("span", { dir: "auto" }, found.join(", "))));
}

/** Our words for an error, and below them the server's where it has said more. */
function why({ code, message }, t) {
  const ours = t(`error_${code}`) || t("error_error");
  return message && !["error", "connection", "media_lost"].includes(code)
    ? [h("span", {}, ours), h("span", { class: "detail", dir: "auto" }, message)] : [h("span", {}, ours)];
}

/** A reply. `stream(delta)` adds to its words; `update()` shows the finished one with all that belongs to it. */
export function theirBubble(entry, say) {
  const { t } = say;
  const words = h("p", { class: "words", dir: "auto" }, entry.text);
  const bubble = h("div", { class: "bubble" }, words);
  const extras = h("div", { class: "extras" });
  const element = h("article", { class: "message theirs", "aria-label": t("assistant") }, bubble, extras);
  const update = () => {
    if (words.textContent !== entry.text) words.textContent = entry.text;
    element.setAttribute("aria-busy", String(!entry.done));
    bubble.hidden = !entry.text;
    const { reply } = entry;
    if (!reply) return;
    if (reply.language) {
      words.lang = reply.language;
      words.dir = directionOf(reply.language); // "auto" would go by a Latin name that an Arabic reply begins with
    }
    extras.replaceChildren(...[cards(reply.cards, say), citations(reply.citations, say), ...notes(reply, say)].filter(Boolean));
  };
  update();
  const stream = (delta) => {
    bubble.hidden = false;
    words.append(delta);
  };
  return { element, update, stream };
}

function notes({ handoff, needs }, { t, record }) {
  const spoken = needs?.what === "speech"
    && h("button", { type: "button", class: "link", onclick: record }, icon("microphone"), t("record_again"));
  return [
    handoff && note("person", t(`handoff_${handoff.reason}`) || t("handoff_other")),
    needs && t(`needs_${needs.what}`) && note(needs.what === "proof" ? "key" : "alert", t(`needs_${needs.what}`), spoken),
  ];
}
