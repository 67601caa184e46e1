// The conversation as it is seen and read out: bubbles, what the bot is doing, suggestions, and keeping the end in view.

import { ownBubble, theirBubble } from "./bubble.js";
import { h, icon, iconButton } from "./dom.js";
import { note } from "./reply.js";

const NEAR = 80; // pixels from the end that still count as being there

export class Log {
  #bubbles = new Map();

  /** `say` is `{t, locale, base, retry(id), record(), send(text)}`. */
  constructor(say) {
    this.say = say;
    const { t } = say;
    this.list = h("div", { class: "list", role: "log", "aria-live": "polite", "aria-label": t("conversation") });
    this.doing = h("div", { class: "doing", role: "status", hidden: true });
    this.suggestions = h("div", { class: "suggestions", role: "group", "aria-label": t("suggestions") });
    this.welcome = this.#welcome();
    this.scroller = h("div", { class: "scroller", tabindex: 0, "aria-label": t("conversation"), role: "region" },
      this.welcome, this.list, this.doing, this.suggestions);
    this.newest = iconButton("down", t("to_newest"), { class: "newest", hidden: true, onclick: () => this.#toEnd() });
    this.element = h("div", { class: "log" }, this.scroller, this.newest);
    this.scroller.addEventListener("scroll", () => (this.newest.hidden = this.#atEnd()));
    // pictures that load late push the end away
    this.scroller.addEventListener("load", () => this.#follow(), true);
  }

  redraw(entries, media) {
    this.#bubbles.clear();
    this.list.replaceChildren();
    this.working(null);
    for (const entry of entries) this.#put(entry, media.get(entry.id));
    this.#arrange(entries.at(-1));
    this.#toEnd();
  }

  add(entry, media) {
    const stay = !this.#atEnd() && entry.role !== "user";
    this.#put(entry, media);
    this.#arrange(entry);
    if (!stay) this.#toEnd();
  }

  remove(entry) {
    this.#bubbles.get(entry)?.element.remove();
    this.#bubbles.delete(entry);
  }

  update(entry) {
    const end = this.#atEnd();
    const bubble = this.#bubbles.get(entry);
    bubble?.update();
    if (entry.role === "assistant" && entry.done) this.#arrange(entry);
    if (end) this.#toEnd(entry.role === "assistant" ? bubble?.element : null);
  }

  stream(entry, delta) {
    const end = this.#atEnd();
    this.working(null);
    this.#bubbles.get(entry)?.stream(delta);
    if (end) this.#toEnd();
  }

  /** Says what the bot is doing: "listen", "look", "search", "answer", "typing", "working", or nothing (null). */
  working(step) {
    const end = this.#atEnd();
    this.doing.hidden = step === null;
    if (step === null) this.doing.replaceChildren();
    else if (this.doing.dataset.step !== step || !this.doing.children.length) {
      const words = this.say.t(`step_${step}`) || this.say.t("step_working");
      this.doing.replaceChildren(h("span", { class: "waves", "aria-hidden": "true" }, h("i"), h("i"), h("i")), h("span", {}, words));
    }
    this.doing.dataset.step = step ?? "";
    if (end) this.#toEnd();
  }

  /** A line between the bubbles: a handoff, or an error that belongs to no message. */
  notice(kind, key, message) {
    const { t } = this.say;
    const words = t(`${kind}_${key}`) || message || t(kind === "handoff" ? "handoff_other" : "error_error");
    const line = note(kind === "handoff" ? "person" : "alert", words);
    line.classList.add("between");
    this.list.append(line);
    this.#follow();
  }

  #put(entry, media) {
    const bubble = entry.role === "user" ? ownBubble(entry, media, this.say) : theirBubble(entry, this.say);
    this.#bubbles.set(entry, bubble);
    this.list.append(bubble.element);
  }

  /** Suggestions stand under the newest reply alone; the welcome only where nothing was said. */
  #arrange(newest) {
    this.welcome.hidden = this.#bubbles.size > 0;
    const texts = newest?.reply?.suggestions ?? [];
    this.suggestions.replaceChildren(...texts.map((text) => this.#offer(text)));
    this.suggestions.hidden = !texts.length;
  }

  #offer(text) {
    return h("button", { type: "button", class: "offer", dir: "auto", onclick: () => this.say.send(text) }, text);
  }

  #welcome() {
    const { t } = this.say;
    const examples = ["example_1", "example_2", "example_3"].map((key) => t(key)).filter(Boolean);
    return h("div", { class: "welcome" }, h("span", { class: "mark" }, icon("chat")), h("h2", {}, t("welcome")),
      h("p", {}, t("welcome_hint")), h("div", { class: "examples" }, examples.map((text) => this.#offer(text))));
  }

  #atEnd() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  /** Shows the end; of a reply that is taller than the view, its beginning. */
  #toEnd(reply = null) {
    const { scrollHeight, clientHeight } = this.scroller;
    const end = scrollHeight - clientHeight;
    this.scroller.scrollTop = reply ? Math.min(end, reply.offsetTop - 16) : end;
    this.newest.hidden = this.#atEnd();
  }

  #follow() {
    if (this.newest.hidden) this.#toEnd();
  }
}
