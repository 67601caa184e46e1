// What comes with a reply: products, sources, and what happens next.

import { h, icon, webAddress } from "./dom.js";
import { price } from "./phrases.js";

/** The products as a row of cards, or null where there are none. */
export function cards(products, say) {
  if (!products?.length) return null;
  return h("ul", { class: "cards", "aria-label": say.t("products"), tabindex: 0 }, products.map((product) => h("li", {}, card(product, say))));
}

function card({ title, price: amount, currency, availability, image, url }, { t, locale, base }) {
  const address = webAddress(url, base);
  const content = [
    picture(webAddress(image, base)),
    h("span", { class: "title" }, h("bdi", {}, title)),
    h("span", { class: "facts" },
      h("bdi", { class: "price" }, price(amount, currency, locale)),
      h("span", { class: "availability", "data-availability": availability }, t(`availability_${availability}`) || availability)),
  ];
  if (!address) return h("div", { class: "card" }, content);
  return h("a", { class: "card", href: address, target: "_blank", rel: "noopener noreferrer" }, content);
}

function picture(address) {
  const frame = h("span", { class: "picture" });
  const none = () => frame.replaceChildren(icon("product"));
  if (address) frame.append(h("img", { src: address, alt: "", loading: "lazy", onerror: none }));
  else none();
  return frame;
}

/** What the reply rests on, folded. */
export function citations(cited, { t, base }) {
  if (!cited?.length) return null;
  return h("details", { class: "citations" },
    h("summary", {}, icon("chevron"), t("sources", { count: cited.length })),
    h("ol", {}, cited.map(({ kind, title, quote, url }) => h("li", {},
      h("span", { class: "kind" }, icon(KINDS.has(kind) ? kind : "article"), t(`kind_${kind}`)),
      h("cite", {}, linked(h("bdi", {}, title), webAddress(url, base))),
      quote && h("blockquote", {}, h("bdi", {}, quote))))));
}

const KINDS = new Set(["product", "order", "shipment", "article", "duty"]);

function linked(words, address) {
  return address ? h("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, words) : words;
}

/** A line that says what happens next, with an icon and perhaps something to press. */
export function note(drawing, words, action = null) {
  return h("p", { class: "note" }, icon(drawing), h("span", {}, words), action);
}
