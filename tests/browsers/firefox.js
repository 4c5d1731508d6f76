// Firefox over WebDriver BiDi: node firefox.js SITE PHOTOGRAPH PROGRAM

import puppeteer from "puppeteer-core";
import { tell, walk } from "./way.js";

const [, , site, photograph, program] = process.argv;
const browser = await puppeteer.launch({ browser: "firefox", executablePath: program, headless: true });
const page = await browser.newPage();
await page.setViewport({ width: 1280, height: 800 });
const faults = [];
page.on("console", (message) => { if (message.type() === "error") faults.push(message.text()); });
page.on("pageerror", (problem) => faults.push(String(problem)));

await tell("Firefox", async (driver) => {
  await walk(driver, site, photograph);
  if (faults.length) throw new Error(faults.join("\n"));
}, {
  open: async (url) => { await page.goto(url); },
  ask: (expression) => page.evaluate(`(${expression})`),
  choose: async (selector, file) => {
    const field = await page.$(selector);
    await field.uploadFile(file);
  },
  clickAt: (x, y) => page.mouse.click(x, y),
  press: (key) => page.keyboard.press(key),
  back: async () => { await page.evaluate("(setTimeout(() => history.back()), null)"); },
  reload: async () => { await page.reload(); },
}, () => browser.close());
