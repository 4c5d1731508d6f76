// WebKitGTK by its own driver: node webkitgtk.js SITE PHOTOGRAPH. Its pictures hang, so none are taken.

import { spawn } from "node:child_process";
import { Builder, By, Capabilities, Key } from "selenium-webdriver";
import { tell, walk } from "./way.js";

const [, , site, photograph] = process.argv;
const PORT = 4400 + (process.pid % 500);
const driverProcess = spawn("WebKitWebDriver", [`--port=${PORT}`], { stdio: "ignore" });
await new Promise((resolve) => { setTimeout(resolve, 1500); });
const capabilities = new Capabilities({
  browserName: "MiniBrowser",
  "webkitgtk:browserOptions": { binary: "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser", args: ["--automation"] },
});
const driver = await new Builder().usingServer(`http://127.0.0.1:${PORT}`).withCapabilities(capabilities).build();

await tell("WebKitGTK", (one) => walk(one, site, photograph), {
  open: async (url) => {
    await driver.manage().window().setRect({ x: 0, y: 0, width: 1280, height: 900 });
    await driver.get(url);
  },
  ask: (expression) => driver.executeScript(`return (${expression})`),
  choose: async (selector, file) => { await driver.findElement(By.css(selector)).sendKeys(file); },
  clickAt: async (x, y) => {
    await driver.actions().move({ x: Math.round(x), y: Math.round(y) }).click().perform();
  },
  press: async (key) => {
    await driver.actions().sendKeys(key === "ArrowRight" ? Key.ARROW_RIGHT : key).perform();
  },
  // The driver's own skips addresses that no hand has made.
  back: () => driver.executeScript("setTimeout(() => history.back())"),
  reload: () => driver.navigate().refresh(),
}, async () => {
  await driver.quit();
  driverProcess.kill();
});
