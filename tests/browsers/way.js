// The whole way: a photo, a selection, hits, one of them, selecting in it, and back. What a browser must be able to do for
// it is `Driver`; the DOM is asked, for not every driver can take pictures.

/**
 * @typedef {object} Driver
 * @property {(url: string) => Promise<void>} open
 * @property {(expression: string) => Promise<unknown>} ask the value of a JavaScript expression in the page
 * @property {(selector: string, file: string) => Promise<void>} choose a file in a field
 * @property {(x: number, y: number) => Promise<void>} clickAt a place in the window
 * @property {(key: string) => Promise<void>} press
 * @property {() => Promise<void>} back
 * @property {() => Promise<void>} reload
 */

const PATIENCE = 60_000;

/**
 * @param {Driver} driver
 * @param {string} site
 * @param {string} photograph
 */
export async function walk(driver, site, photograph) {
  /** @param {string} expression */
  const until = async (expression) => {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      try {
        if (await driver.ask(expression)) return;
      } catch {
        // The page is on its way to another.
      }
      if (Date.now() > deadline) throw new Error(`waited in vain for ${expression}`);
      await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
  };
  /** @param {string} selector */
  const press = async (selector) => {
    // No hand is as quick as htmx wires what it has swapped in.
    const wired = "!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling, .htmx-added')";
    await until(`${wired} && document.querySelector('${selector}')?.checkVisibility() === true`);
    await driver.ask(`document.querySelector('${selector}').click()`);
  };

  await driver.open(`${site}/`);
  await driver.choose("input[type=file][name=image]", photograph);
  await until("document.querySelector('#workspace[data-ready]') !== null");
  await driver.press("c");
  const box = /** @type {{ x: number, y: number, width: number, height: number }} */ (
    JSON.parse(String(await driver.ask("JSON.stringify(document.getElementById('photo').getBoundingClientRect())")))
  );
  await driver.clickAt(box.x + 0.45 * box.width, box.y + 0.8 * box.height);
  await until("document.querySelector('#tints.dimmed') !== null && !document.querySelector('.anticipating')");

  await press("#search");
  await until("document.querySelectorAll('#drawer article.hit').length > 3");
  await until("location.search.includes('search=')");
  await until("document.getElementById('drawer').getBoundingClientRect().x === 0");
  await until("document.querySelector('main').getBoundingClientRect().x >= 420");
  // The track of a scrollbar has the colour of what it scrolls.
  await until("getComputedStyle(document.getElementById('drawer')).scrollbarColor !== 'auto'"
    + " || !CSS.supports('scrollbar-color', 'red red')");
  const rows = "[...document.querySelectorAll('#hits > .hit .thumb')].slice(0, 2).map((t) => t.getBoundingClientRect().height)";
  await until(`(([a, b]) => Math.abs(a - b) < 2)(${rows})`);

  await press("#drawer article.hit > a");
  await until("document.querySelector('dialog[open] article.details') !== null && location.pathname.includes('/gallery/')");
  const first = await driver.ask("location.href");
  await driver.press("ArrowRight");
  await until(`location.href !== '${first}' && document.querySelector('dialog[open]') !== null`);
  await driver.back();
  await until("document.querySelector('dialog[open]') === null && location.pathname.includes('/photos/')");

  const asked = String(await driver.ask("location.href"));
  await press("#drawer article.hit > a");
  await press("dialog[open] footer a.primary");
  await until(`location.pathname.includes('/photos/') && location.href !== '${asked}'`);
  await until("document.querySelector('#workspace[data-ready]') !== null && document.querySelector('#tints.dimmed') !== null");
  await until("document.querySelectorAll('#drawer article.hit').length > 3");
  await driver.back();
  await until(`location.href === '${asked}' && document.querySelectorAll('#drawer article.hit').length > 3`);
  await driver.reload();
  await until("document.querySelectorAll('#drawer article.hit').length > 3");
  await driver.open(`${site}/searches/`);
  await until("document.querySelectorAll('.past-search .best img').length === 3");
  await driver.open(`${site}/gallery/`);
  await until("document.querySelectorAll('.shelf .card').length > 8");
}

/**
 * @param {string} name
 * @param {(driver: Driver) => Promise<void>} task
 * @param {Driver} driver
 * @param {() => Promise<unknown>} quit
 */
export async function tell(name, task, driver, quit) {
  try {
    await task(driver);
    console.log(`${name}: the whole way works.`);
  } catch (problem) {
    console.error(`${name}: ${problem instanceof Error ? problem.stack : problem}`);
    process.exitCode = 1;
  } finally {
    await quit();
  }
}
