// A voice note from the microphone.

import { mediaPart } from "./photos.js";

export const LONGEST = 119; // seconds; the server takes two minutes
const BITS_PER_SECOND = 32_000; // Opus speech
const FORMATS = ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"];
const LEVEL_EVERY = 80; // milliseconds
const QUIETEST = -60; // decibels below full scale

/**
 * Starts to record. `onStart(mimeType)` comes before the first sound and may give what takes each piece of it, a Blob, at
 * once; `onTick(seconds, level)` about twelve times a second, level 0..1; `onFull()` when the longest time is reached. Gives `{finish, cancel}`; `finish()` resolves to `{part, url, seconds, levels}`, null where
 * nothing was recorded. Rejects with the browser's DOMException where there is no microphone or no leave to use it.
 */
export async function record({ onStart, onTick, onFull }) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
  });
  const mimeType = FORMATS.find((format) => MediaRecorder.isTypeSupported(format));
  const recorder = new MediaRecorder(stream, { mimeType, audioBitsPerSecond: BITS_PER_SECOND });
  const chunks = [];
  const passOn = onStart(recorder.mimeType || mimeType);
  recorder.ondataavailable = ({ data }) => {
    if (!data.size) return;
    chunks.push(data);
    passOn?.(data);
  };
  const stopped = new Promise((resolve) => recorder.addEventListener("stop", resolve, { once: true }));
  const meter = levelMeter(stream);
  const levels = [];
  const began = performance.now();
  const seconds = () => (performance.now() - began) / 1000;
  recorder.start(250);
  const ticking = setInterval(() => {
    levels.push(meter.level());
    onTick(seconds(), levels.at(-1));
    if (seconds() >= LONGEST) onFull();
  }, LEVEL_EVERY);

  const end = async () => {
    clearInterval(ticking);
    if (recorder.state !== "inactive") recorder.stop();
    await stopped;
    meter.close();
    for (const track of stream.getTracks()) track.stop();
  };
  return {
    cancel: end,
    async finish() {
      const length = seconds();
      await end();
      const blob = new Blob(chunks, { type: recorder.mimeType || mimeType });
      if (!blob.size) return null;
      return { part: await mediaPart("audio", blob), url: URL.createObjectURL(blob), seconds: length, levels };
    },
  };
}

/** The loudness of a stream, 0 (silent) to 1 (full scale), on a scale of decibels. */
function levelMeter(stream) {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 1024;
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  return {
    level() {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const decibels = 10 * Math.log10(power + 1e-12);
      return Math.min(1, Math.max(0, 1 - decibels / QUIETEST));
    },
    close: () => context.close(),
  };
}

/** `levels` boiled down to `count` bars, 0..1, each the loudest of its stretch. */
export function bars(levels, count) {
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * levels.length) / count);
    const to = Math.max(from + 1, Math.floor(((index + 1) * levels.length) / count));
    return Math.max(0, ...levels.slice(from, to));
  });
}
