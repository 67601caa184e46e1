// The words of the page in the customer's language, and how prices and directions are written in it.

const RIGHT_TO_LEFT = new Set(["ar", "arc", "ckb", "dv", "fa", "he", "ks", "nqo", "ps", "sd", "syr", "ug", "ur", "yi"]);
const LONGEST_WAIT = 15_000; // milliseconds

/**
 * A function from a key (and values for its {places}) to a text in `locale`, asked of the server at `base`. Tries again
 * until the server answers; null once `signal` is aborted. A key that the catalogue lacks gives an empty text.
 */
export async function loadPhrases(base, locale, signal) {
  const address = new URL("web/phrases", base);
  address.searchParams.set("locale", locale);
  for (let wait = 500; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
    try {
      const answer = await fetch(address, { signal, credentials: "omit" });
      if (answer.ok) return phrasesFrom(await answer.json());
    } catch {
      // no connection, or not JSON: the same as an answer that is not ok
    }
    if (signal.aborted) return null;
    await new Promise((resolve) => setTimeout(resolve, wait));
  }
}

function phrasesFrom(catalogue) {
  return (key, values = {}) => {
    const text = Object.hasOwn(catalogue, key) ? String(catalogue[key]) : "";
    return text.replace(/\{(\w+)\}/g, (place, name) => (Object.hasOwn(values, name) ? String(values[name]) : place));
  };
}

/** "rtl" or "ltr", the way a language is written. */
export function directionOf(locale) {
  try {
    const known = new Intl.Locale(locale);
    const direction = (known.getTextInfo?.() ?? known.textInfo)?.direction;
    return direction ?? (RIGHT_TO_LEFT.has(known.language) ? "rtl" : "ltr");
  } catch {
    return "ltr";
  }
}

/** "12.50", "EUR" → "12,50 €": as the locale writes it, in Western digits. `amount` is a decimal in text, kept exact. */
export function price(amount, currency, locale) {
  if (amount === null || amount === undefined) return "";
  try {
    return new Intl.NumberFormat(locale, { style: "currency", currency, numberingSystem: "latn" }).format(amount);
  } catch {
    return `${amount} ${currency ?? ""}`.trim();
  }
}

/** Seconds as a clock shows them: 75.2 → "1:15". */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
