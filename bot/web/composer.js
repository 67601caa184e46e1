// Where the customer writes, records and attaches. It knows nothing of the conversation: it gives `send` a message.

import { takePhoto } from "./camera.js";
import { clip } from "./clip.js";
import { h, icon, iconButton } from "./dom.js";
import { clock } from "./phrases.js";
import { preparePhoto } from "./photos.js";
import { record } from "./recorder.js";

const MOST_PHOTOS = 4;
const MOST_CHARACTERS = 8000;
const COUNT_FROM = 7500; // from here on the number of characters is shown

export class Composer {
  #photos = [];
  #voice = null;
  #recording = null;
  #note = null; // whose words are shown: {stream, heard}, which is the voice note once it is whole
  #preparing = 0;

  /**
   * `stream(mimeType, onHeard)` begins to send a voice note while it is recorded, or gives null. `before` is the composer
   * that this one stands in for, in another language: its draft goes on here.
   */
  constructor(t, { send, stream }, before = null) {
    this.t = t;
    this.onSend = send;
    this.onRecord = stream;
    this.#build();
    this.#listen();
    if (before) {
      before.#stop(false);
      this.text.value = before.text.value;
      this.#photos = before.#photos;
      this.#voice = before.#voice;
      this.#listenTo(this.#voice);
    }
    this.#show();
  }

  #build() {
    const { t } = this;
    this.text = h("textarea", {
      rows: 1, maxlength: MOST_CHARACTERS, placeholder: t("placeholder"), "aria-label": t("message"), enterkeyhint: "send",
    });
    this.file = h("input", { type: "file", accept: "image/*", multiple: true, class: "hidden", tabindex: -1, "aria-hidden": "true" });
    this.photo = iconButton("photo", t("attach_photo"), { class: "quiet" });
    this.camera = iconButton("camera", t("take_photo"), { class: "quiet" });
    this.microphone = iconButton("microphone", t("record"), { class: "quiet microphone", "aria-pressed": "false" });
    this.send = h("button", { type: "submit", class: "send", "aria-label": t("send"), title: t("send") }, icon("send"));
    this.tray = h("ul", { class: "tray", "aria-label": t("attachments") });
    this.meter = h("span", { class: "meter", "aria-hidden": "true" });
    this.seconds = h("span", { class: "seconds", role: "timer" });
    this.recordingBar = h("div", { class: "recording", hidden: true },
      h("span", { class: "dot" }), h("span", {}, t("recording")), this.seconds, this.meter,
      iconButton("close", t("cancel"), { class: "quiet", onclick: () => this.#stop(false) }));
    this.notice = h("p", { class: "notice", role: "alert" });
    this.partial = h("p", { class: "partial", role: "status", dir: "auto" });
    this.count = h("span", { class: "count" });
    this.element = h("form", { class: "composer", autocomplete: "off" }, this.notice, this.tray,
      h("div", { class: "field" }, this.partial, this.text, this.recordingBar,
        h("div", { class: "tools" }, this.photo, this.camera, this.file, this.count, this.microphone, this.send)));
  }

  #listen() {
    this.element.addEventListener("submit", (event) => (event.preventDefault(), this.#submit()));
    this.text.addEventListener("keydown", (event) => {
      // Enter also ends the input of Chinese, Japanese and Korean characters: that one is not ours
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit();
    });
    this.text.addEventListener("input", () => this.#showText());
    this.text.addEventListener("paste", (event) => {
      const files = pictures(event.clipboardData);
      if (!files.length) return;
      event.preventDefault();
      this.attach(files);
    });
    this.photo.addEventListener("click", () => this.file.click());
    this.file.addEventListener("change", () => {
      this.attach([...this.file.files]);
      this.file.value = "";
    });
    this.camera.addEventListener("click", () => this.#takePhoto());
    this.microphone.addEventListener("click", () => this.toggleRecording());
  }

  /** Takes pictures that are dropped on `area`. */
  acceptDrops(area) {
    let inside = 0;
    const mark = (change) => {
      inside = Math.max(0, inside + change);
      area.classList.toggle("dropping", inside > 0);
    };
    const withFiles = (act) => (event) => event.dataTransfer?.types.includes("Files") && (event.preventDefault(), act(event));
    area.addEventListener("dragenter", withFiles(() => mark(1)));
    area.addEventListener("dragleave", withFiles(() => mark(-1)));
    area.addEventListener("dragover", withFiles(() => {}));
    area.addEventListener("drop", withFiles((event) => {
      mark(-inside);
      this.attach(pictures(event.dataTransfer));
    }));
  }

  async attach(files) {
    this.#tell("");
    const room = Math.max(0, MOST_PHOTOS - this.#photos.length - this.#preparing);
    if (files.length > room) this.#tell(this.t("too_many_photos", { most: MOST_PHOTOS }));
    const taken = files.slice(0, room);
    this.#preparing += taken.length;
    this.#show();
    for (const file of taken) {
      try {
        this.#photos.push(await preparePhoto(file));
      } catch {
        this.#tell(this.t("photo_unreadable"));
      }
      this.#preparing -= 1;
      this.#show();
    }
    this.text.focus();
  }

  async #takePhoto() {
    this.#tell("");
    try {
      if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
      const photo = await takePhoto(this.element, this.t);
      if (photo) await this.attach([photo]);
    } catch (error) {
      this.#tell(this.t(`camera_${deviceTrouble(error)}`));
    }
  }

  async toggleRecording() {
    if (this.#recording) return this.#stop(true);
    this.#tell("");
    this.seconds.textContent = clock(0);
    this.microphone.disabled = true;
    const note = { stream: null, heard: null };
    try {
      if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
      this.#recording = await record({
        onStart: (mimeType) => {
          this.#listenTo(note);
          note.stream = this.onRecord(mimeType, (heard) => this.#hear(note, heard));
          return note.stream?.add;
        },
        onTick: (seconds, level) => {
          this.seconds.textContent = clock(seconds);
          this.meter.style.setProperty("--level", level.toFixed(2));
        },
        onFull: () => this.#stop(true),
      });
    } catch (error) {
      this.#tell(this.t(`microphone_${deviceTrouble(error)}`));
    }
    this.microphone.disabled = false;
    this.#show();
    this.microphone.focus();
  }

  async #stop(keep) {
    const [recording, note] = [this.#recording, this.#note];
    if (!recording) return;
    this.#recording = null;
    this.#preparing += 1;
    const made = keep ? await recording.finish() : await recording.cancel();
    if (made) this.#voice = Object.assign(note, made);
    else note.stream?.cancel();
    this.#listenTo(this.#voice);
    this.#preparing -= 1;
    this.#show();
    (keep ? this.send : this.text).focus();
  }

  async #submit() {
    await this.#stop(true);
    const text = this.text.value.trim();
    if (this.#preparing || !(text || this.#photos.length || this.#voice)) return;
    this.onSend({ text, photos: this.#photos, voice: this.#voice });
    this.#photos = [];
    this.#voice = null;
    this.#listenTo(null);
    this.text.value = "";
    this.#tell("");
    this.#show();
    this.text.focus();
  }

  #removeVoice() {
    this.#voice.stream?.cancel();
    this.#voice = null;
    this.#listenTo(null);
  }

  #listenTo(note) {
    this.#note = note;
    this.#hear(note, note?.heard ?? null);
  }

  /** Shows what is sure of a voice note so far. Only what is new is added, so that only that is read out. */
  #hear(note, heard) {
    if (note) note.heard = heard;
    if (note !== this.#note) return;
    const [said, words] = [this.partial.textContent, heard?.text ?? ""];
    if (!words.startsWith(said)) this.partial.replaceChildren(words);
    else if (words !== said) this.partial.append(words.slice(said.length));
    this.partial.lang = heard?.language ?? "";
    this.partial.scrollTop = this.partial.scrollHeight;
  }

  #tell(words) {
    this.notice.textContent = words;
  }

  #show() {
    const { t } = this;
    const recording = this.#recording !== null;
    this.element.classList.toggle("is-recording", recording);
    this.recordingBar.hidden = !recording;
    this.microphone.replaceChildren(icon(recording ? "stop" : "microphone"));
    this.microphone.setAttribute("aria-pressed", String(recording));
    this.microphone.setAttribute("aria-label", t(recording ? "stop_recording" : "record"));
    this.microphone.title = t(recording ? "stop_recording" : "record");
    const items = [
      ...this.#photos.map((photo, index) => this.#item(
        h("img", { src: photo.url, alt: t("photo_number", { number: index + 1 }) }), t("remove_photo", { number: index + 1 }),
        () => (URL.revokeObjectURL(photo.url), (this.#photos = this.#photos.filter((other) => other !== photo))))),
      ...Array.from({ length: recording ? 0 : this.#preparing }, () => h("li", { class: "preparing" }, h("span", { class: "spinner" }))),
      ...(this.#voice ? [this.#item(clip(this.#voice, t), t("remove_voice"), () => this.#removeVoice())] : []),
    ];
    this.tray.replaceChildren(...items);
    this.tray.hidden = !items.length;
    this.#showText();
  }

  #showText() {
    const length = this.text.value.length;
    this.count.textContent = length >= COUNT_FROM ? `${length} / ${MOST_CHARACTERS}` : "";
    const something = this.text.value.trim() || this.#photos.length || this.#voice || this.#recording;
    this.send.disabled = !something || this.#preparing > 0;
    // an empty field has the direction of the page, or its placeholder would stand on the wrong side
    this.text.dir = length ? "auto" : "";
    this.text.style.height = "auto";
    this.text.style.height = `${this.text.scrollHeight}px`;
  }

  #item(content, label, remove) {
    const act = () => (remove(), this.#show(), this.text.focus());
    return h("li", {}, content, iconButton("close", label, { class: "remove", onclick: act }));
  }
}

function pictures(transfer) {
  return [...(transfer?.files ?? [])].filter(({ type }) => type.startsWith("image/"));
}

/** "denied", "missing" or "unavailable": why a microphone or camera can't be used. */
function deviceTrouble({ name }) {
  if (name === "NotAllowedError") return "denied";
  return name === "NotFoundError" || name === "OverconstrainedError" ? "missing" : "unavailable";
}
