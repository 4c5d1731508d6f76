// Elements that a page surely has, with their types. One that is missing is an error here rather than somewhere later.

/**
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const element = document.getElementById(id);
  if (element instanceof type) return element;
  throw new TypeError(`The page has no ${type.name} with the id "${id}".`);
}

/**
 * @template {Element} T
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
export function find(parent, selector, type) {
  const element = parent.querySelector(selector);
  if (element instanceof type) return element;
  throw new TypeError(`There is no ${type.name} that matches "${selector}".`);
}

/**
 * All elements of a type that match a selector; there may be none.
 *
 * @template {Element} T
 * @param {ParentNode} parent
 * @param {string} selector
 * @param {new () => T} type
 */
export function findAll(parent, selector, type) {
  const found = [];
  for (const element of parent.querySelectorAll(selector)) if (element instanceof type) found.push(element);
  return found;
}
