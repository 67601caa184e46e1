// <babeldesk-chat>: the chat as one element for any page.
//
//     <script type="module" src="https://HOST/web/widget.js" data-token="…" data-locale="de"></script>
//     <babeldesk-chat></babeldesk-chat>
//
// The server is the one that this file came from. `token` and `locale` may stand on the element as well and may change
// while it is shown. With `inline` the chat fills the place of the element; without, a button in the corner opens it.

import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { h, icon, iconButton } from "./dom.js";
import { Log } from "./log.js";
import { directionOf, loadPhrases } from "./phrases.js";

const BASE = new URL("..", import.meta.url).href;
const STYLES = ["widget.css", "messages.css", "extras.css", "composer.css"];
const SCRIPT = [...document.querySelectorAll("script[src]")].find((script) => script.src === import.meta.url);

class BabeldeskChat extends HTMLElement {
  static observedAttributes = ["locale", "token"];

  #root = this.attachShadow({ mode: "open" });
  #styles = STYLES.map((name) => stylesheet(new URL(name, import.meta.url).href));
  #leaving = null;
  #conversation = null;
  #status = ["connecting"];

  get locale() {
    return this.getAttribute("locale") || SCRIPT?.dataset.locale || document.documentElement.lang || navigator.language;
  }

  get token() {
    return this.getAttribute("token") || SCRIPT?.dataset.token || null;
  }

  connectedCallback() {
    this.#root.replaceChildren(...this.#styles.map(({ link }) => link));
    this.#speak();
  }

  disconnectedCallback() {
    this.#leaving?.abort();
    this.#conversation?.stop();
    this.#conversation = null;
  }

  attributeChangedCallback(name, before, after) {
    if (!this.isConnected || before === after || !this.#leaving) return;
    if (name === "locale") this.#speak();
    else this.#conversation?.change(this.token, this.locale);
  }

  /** Builds everything in the language of now, once its words are here. */
  async #speak() {
    this.#leaving?.abort();
    const leaving = (this.#leaving = new AbortController());
    const { locale } = this;
    const [t] = await Promise.all([loadPhrases(BASE, locale, leaving.signal), ...this.#styles.map(({ ready }) => ready)]);
    if (leaving.signal.aborted) return;
    this.t = t;
    this.#build(locale);
    if (this.#conversation) {
      this.log.redraw(this.#conversation.entries, this.#conversation.media);
      this.#conversation.change(this.token, locale);
    } else {
      this.#conversation = new Conversation(BASE, this.#view());
      this.#conversation.start(this.token, locale);
    }
  }

  #build(locale) {
    const { t } = this;
    const open = this.panel ? !this.panel.hidden : this.hasAttribute("inline");
    this.log = new Log({
      t, locale, base: BASE,
      retry: (id) => this.#conversation.retry(id),
      record: () => this.composer.toggleRecording(),
      send: (text) => this.#conversation.submit({ text }),
    });
    const send = (message) => this.#conversation.submit(message);
    const stream = (...note) => this.#conversation?.stream(...note) ?? null;
    this.composer = new Composer(t, { send, stream }, this.composer);
    this.state = h("span", { class: "connection", role: "status" });
    const close = this.hasAttribute("inline") ? null : iconButton("close", t("close"), { class: "quiet", onclick: () => this.#toggle(false) });
    const name = h("div", {}, h("h1", {}, t("title")), this.state);
    this.panel = h("section", { class: "panel", "aria-label": t("title") },
      h("header", {}, h("span", { class: "mark" }, icon("chat")), name, close), this.log.element, this.composer.element);
    this.panel.addEventListener("keydown", (event) => {
      const busy = this.panel.querySelector("dialog[open]");
      if (event.key === "Escape" && !busy && !event.isComposing && close) this.#toggle(false);
    });
    this.composer.acceptDrops(this.panel);
    this.launcher = h("button", { type: "button", class: "launcher", "aria-label": t("open"), onclick: () => this.#toggle() }, icon("chat"));
    this.#root.querySelector(".desk")?.remove();
    const mode = this.hasAttribute("inline") ? "inline" : "floating";
    const parts = mode === "inline" ? [this.panel] : [this.panel, this.launcher];
    this.#root.append(h("div", { class: `desk ${mode}`, dir: directionOf(locale), lang: locale }, parts));
    this.#toggle(open, false);
    this.#showStatus(...this.#status);
  }

  /** What the conversation shows itself by. The log is looked up each time: another language makes a new one. */
  #view() {
    const unread = () => this.panel.hidden && this.launcher.classList.add("unread");
    return {
      redraw: (...all) => this.log.redraw(...all),
      add: (...all) => (this.log.add(...all), unread()),
      update: (entry) => this.log.update(entry),
      remove: (entry) => this.log.remove(entry),
      stream: (...all) => this.log.stream(...all),
      working: (step) => this.log.working(step),
      notice: (...all) => (this.log.notice(...all), unread()),
      status: (...all) => this.#showStatus(...all),
    };
  }

  #showStatus(state, message) {
    this.#status = [state, message];
    this.state.dataset.state = state;
    this.state.textContent = this.t(`status_${state}`) || message || "";
  }

  #toggle(open = this.panel.hidden, focus = true) {
    this.panel.hidden = !open;
    this.launcher.setAttribute("aria-expanded", String(open));
    this.launcher.setAttribute("aria-label", this.t(open ? "close" : "open"));
    this.launcher.replaceChildren(icon(open ? "down" : "chat"));
    if (open) this.launcher.classList.remove("unread");
    if (focus) (open ? this.composer.text : this.launcher).focus();
  }
}

/** A stylesheet for the shadow root, and a promise that it is there: nothing is shown before it is. */
function stylesheet(href) {
  const link = h("link", { rel: "stylesheet", href });
  const ready = new Promise((resolve) => {
    link.addEventListener("load", resolve, { once: true });
    link.addEventListener("error", resolve, { once: true });
  });
  return { link, ready };
}

customElements.define("babeldesk-chat", BabeldeskChat);
