// Which key is meant, whatever the layout of the keyboard: where it types Cyrillic, Greek or another script, the key
// of Я still undoes with Ctrl.

// What the keys type, by their place on a keyboard of Latin letters.
/** @type {Record<string, string>} */
const SIGNS = {
  BracketLeft: "[", BracketRight: "]", Comma: ",", Period: ".", Minus: "-", Equal: "=", Slash: "/", Semicolon: ";",
};

/**
 * What a key means as a shortcut: the letter in lower case, the sign, or the name of the key. Of a letter or a digit
 * of another script it is what stands at that place on a Latin keyboard; a Latin layout is taken at its word.
 *
 * @param {{ key: string, code?: string }} event
 */
export function meant({ key, code = "" }) {
  const isForeign = /^(?!\p{Script=Latin}|[0-9])[\p{L}\p{Nd}]\p{M}*$/u.test(key);
  if (!isForeign) return key.length === 1 ? key.toLowerCase() : key;
  const [, place] = /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(code) ?? [];
  return place?.toLowerCase() ?? SIGNS[code] ?? key.toLowerCase();
}
