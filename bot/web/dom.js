// Building DOM nodes. Text only ever becomes text nodes, so nothing that a shop or a customer writes is markup.

import { ICONS } from "./icons.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element with attributes and children. `null`, `undefined` and `false` attributes are left out, `true` gives an
 * empty one, and a function under `onclick`, `onkeydown`, … becomes a listener.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** A drawing from icons.js, 24 × 24 units, coloured by the text around it and hidden from screen readers. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** A round button that shows an icon and is named by a text. */
export function iconButton(name, label, attributes = {}) {
  return h("button", { type: "button", "aria-label": label, title: label, ...attributes }, icon(name));
}

/** The address as http(s), resolved against `base`, or null: `javascript:` and its like never become a link. */
export function webAddress(value, base) {
  if (typeof value !== "string" || !value) return null;
  try {
    const address = new URL(value, base);
    return address.protocol === "https:" || address.protocol === "http:" ? address.href : null;
  } catch {
    return null;
  }
}

/** An id that nobody else has. `crypto.randomUUID` is missing on pages without https. */
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
