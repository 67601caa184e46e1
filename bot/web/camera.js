// Taking a photo with the device's camera.

import { h, icon, iconButton } from "./dom.js";
import { drawn } from "./photos.js";

/**
 * Shows the camera's picture in a dialog inside `root` and resolves to what was taken, as a blob, or to null where the
 * customer closed it. Rejects with the browser's DOMException where there is no camera or no leave to use it.
 */
export async function takePhoto(root, t) {
  const stream = await navigator.mediaDevices.getUserMedia({
    video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } },
  });
  const video = h("video", { autoplay: true, playsinline: true, muted: true, "aria-label": t("camera_picture") });
  video.muted = true;
  video.srcObject = stream;
  const shutter = h("button", { type: "button", class: "shutter", "aria-label": t("take_photo"), disabled: true }, icon("camera"));
  video.addEventListener("loadeddata", () => {
    shutter.disabled = false;
    shutter.focus();
  });
  const dialog = h("dialog", { class: "camera", "aria-label": t("take_photo") }, video,
    h("div", { class: "camera-bar" }, iconButton("close", t("cancel"), { class: "quiet", onclick: () => dialog.close() }), shutter));
  root.append(dialog);
  dialog.showModal();
  try {
    return await new Promise((resolve, reject) => {
      dialog.addEventListener("close", () => resolve(null));
      shutter.addEventListener("click", () => drawn(video, video.videoWidth, video.videoHeight).then(resolve, reject));
    });
  } finally {
    for (const track of stream.getTracks()) track.stop();
    dialog.remove();
  }
}
