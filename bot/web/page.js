// The chat page: the shop's name, a choice of language, and the widget as a customer sees it.
// `/#token=…` tries it as the customer whom the token names; `/?locale=de` in a language.

import { h } from "./dom.js";
import { directionOf, loadPhrases } from "./phrases.js";

// The languages that there are catalogues for.
const LANGUAGES = [
  "en", "zh", "zh-Hant", "es", "fr", "de", "pt", "it", "nl", "pl", "ru", "uk", "tr", "ar", "he", "hi", "id", "vi", "th",
  "ja", "ko",
];
const BASE = new URL("..", import.meta.url).href;
const select = document.querySelector("#language select");
const chat = h("babeldesk-chat", { inline: true, token: token() });

/** A token in the address (after the #, so that no server log has it), kept for reloads of this tab. */
function token() {
  const given = new URLSearchParams(location.hash.slice(1)).get("token");
  if (given) history.replaceState(null, "", location.pathname + location.search);
  return kept(sessionStorage, "babeldesk:token", given);
}

function kept(storage, key, value) {
  try {
    if (value) storage.setItem(key, value);
    return value ?? storage.getItem(key);
  } catch {
    return value;
  }
}

/** The first language that the customer wants and that there is: as chosen before, or as the browser says. */
function chosen() {
  const address = new URLSearchParams(location.search).get("locale");
  const wanted = [address, kept(localStorage, "babeldesk:locale", null), ...navigator.languages].filter(Boolean);
  for (const tag of wanted) {
    const traditional = /^zh-(hant|tw|hk|mo)\b/i.test(tag) ? "zh-Hant" : null;
    const found = LANGUAGES.find((known) => known === (traditional ?? tag)) ?? LANGUAGES.find((known) => known === tag.split("-")[0]);
    if (found) return found;
  }
  return "en";
}

function ownName(tag) {
  const name = new Intl.DisplayNames([tag], { type: "language" }).of(tag);
  return name.charAt(0).toLocaleUpperCase(tag) + name.slice(1);
}

let leaving = new AbortController();

async function speak(locale) {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  document.documentElement.lang = locale;
  document.documentElement.dir = directionOf(locale);
  chat.setAttribute("locale", locale);
  if (!chat.isConnected) document.querySelector("main").append(chat);
  const t = await loadPhrases(BASE, locale, signal);
  if (signal.aborted) return;
  const shop = t("shop") || t("title");
  document.querySelector("#shop").textContent = shop;
  document.title = shop === t("title") ? shop : `${t("title")} · ${shop}`;
  select.setAttribute("aria-label", t("language"));
}

for (const tag of LANGUAGES) select.append(h("option", { value: tag, lang: tag }, ownName(tag)));
select.value = chosen();
select.addEventListener("change", () => {
  kept(localStorage, "babeldesk:locale", select.value);
  speak(select.value);
});
speak(select.value);
