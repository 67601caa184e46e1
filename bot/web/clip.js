// A voice note that can be played: a button, its shape as bars, its length.

import { h, icon } from "./dom.js";
import { clock } from "./phrases.js";
import { bars } from "./recorder.js";

const BARS = 28;

/** `voice` is `{url, seconds, levels}`; without a url (after a reload) it only shows that there was one. */
export function clip(voice, t) {
  const shape = h("span", { class: "shape", "aria-hidden": "true" });
  for (const level of bars(voice.levels ?? [], BARS)) {
    const bar = h("i");
    bar.style.setProperty("--level", level.toFixed(2));
    shape.append(bar);
  }
  const time = h("span", { class: "time" }, voice.seconds ? clock(voice.seconds) : "");
  if (!voice.url) return h("div", { class: "clip" }, icon("microphone"), h("span", {}, t("voice_note")), time);
  return h("div", { class: "clip", role: "group", "aria-label": t("voice_note") }, player(voice, shape, t), shape, time);
}

function player({ url, seconds }, shape, t) {
  const audio = new Audio(url);
  const button = h("button", { type: "button", class: "play" });
  const show = () => {
    button.replaceChildren(icon(audio.paused ? "play" : "pause"));
    button.setAttribute("aria-label", t(audio.paused ? "play" : "pause"));
  };
  const progress = () => {
    // a recording has no length in its header: the browser says Infinity
    const played = audio.paused ? 0 : (audio.currentTime / seconds) * BARS;
    [...shape.children].forEach((bar, index) => bar.classList.toggle("played", index < played));
  };
  for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, () => (show(), progress()));
  audio.addEventListener("timeupdate", progress);
  button.addEventListener("click", () => (audio.paused ? audio.play().catch(show) : audio.pause()));
  show();
  return button;
}
