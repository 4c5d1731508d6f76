// What a browser remembers of how a person likes the page.

/**
 * @param {string} name
 * @param {string} value empty to forget it
 */
export function keep(name, value) {
  try {
    if (value) localStorage.setItem(name, value);
    else localStorage.removeItem(name);
  } catch {
    // A browser that keeps nothing: the page itself remembers it as long as it is open.
  }
}

/** @param {string} name */
export function kept(name) {
  try {
    return localStorage.getItem(name) ?? "";
  } catch {
    return "";
  }
}
