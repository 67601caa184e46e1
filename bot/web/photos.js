// Photos made ready to send: turned upright, at most 1600 px, and without what a camera writes beside the picture.

const LONGEST_SIDE = 1600; // pixels
const QUALITY = 0.86;
const LARGEST_UNREAD = 12_000_000; // bytes, of a format that only the server can read
const ONLY_THE_SERVER_READS = new Set(["image/heic", "image/heif"]);

/**
 * A photo file as `{part, url}`: an AG-UI content part, and an address to show it by.
 * Throws where it is no picture that can be read.
 */
export async function preparePhoto(file) {
  const blob = await smaller(file);
  return { part: await mediaPart("image", blob), url: URL.createObjectURL(blob) };
}

async function smaller(file) {
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch (error) {
    if (ONLY_THE_SERVER_READS.has(file.type) && file.size <= LARGEST_UNREAD) return file;
    throw error;
  }
  try {
    return await drawn(picture, picture.width, picture.height);
  } finally {
    picture.close();
  }
}

/** What `picture` (anything a canvas can draw, of `width` × `height` px) shows, as a JPEG of at most 1600 px. */
export function drawn(picture, width, height) {
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width * scale));
  canvas.height = Math.max(1, Math.round(height * scale));
  const context = canvas.getContext("2d");
  context.imageSmoothingQuality = "high";
  context.fillStyle = "#fff"; // a JPEG knows no transparency
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("no picture"))), "image/jpeg", QUALITY);
  });
}

/** The blob as an AG-UI content part of `type` "image" or "audio". */
export async function mediaPart(type, blob) {
  return { type, source: { type: "data", value: await base64(blob), mimeType: blob.type } };
}

function base64(blob) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });
}
