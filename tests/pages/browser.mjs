// Chromium as the tests of pages use it: people with a browser of their own, and what holds for every screen.
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { chromium } from "playwright-core";
import { equal } from "../clients/checks.mjs";

const executablePath = process.env.PORTICO_CHROMIUM;
if (!existsSync(executablePath ?? "")) throw new Error("PORTICO_CHROMIUM names no browser");
// Where pictures of all screens go, if anywhere.
const pictures = process.env.PORTICO_SCREENSHOTS;
if (pictures) mkdirSync(pictures, { recursive: true });

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const WIDTHS = [320, 768, 1440];

export const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    // Tests of foreign pages have this machine for both sites.
    "--disable-features=LocalNetworkAccessChecks"],
});

/// A browser of its own; what its scripts stumble over is an error of the test.
export async function person(options = {}) {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1440, height: 900 }, ...options });
  context.stumbled = [];
  context.on("weberror", (error) => context.stumbled.push(String(error.error())));
  context.on("console", (message) => {
    // Refusals are expected, and Chromium notes each of them.
    const isRefusal = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isRefusal) context.stumbled.push(message.text());
  });
  await context.addInitScript(() => {
    window.shifted = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifted += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  const page = await context.newPage();
  page.setDefaultTimeout(Number(process.env.PORTICO_PATIENCE ?? 15_000));
  return page;
}

/// What has to hold for every screen, in light and dark, at every width: axe finds nothing, nothing is wider than the
/// window, no script has stumbled.
export async function screen(page, name) {
  await page.waitForSelector("h1");
  equal(page.context().stumbled, [], `${name}: errors`);
  for (const colorScheme of ["light", "dark"]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      equal(wider, 0, `${name}, ${colorScheme}, ${width}: pixels beside the window`);
      if (width !== 768) await accessible(page, `${name}, ${colorScheme}, ${width}`);
      if (pictures) await picture(page, `${name}-${colorScheme}-${width}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 1440, height: 900 });
}

/// Nothing moves while a page comes up, at any width.
export async function steady(page, url) {
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    await page.goto("about:blank");
    await page.goto(url);
    await page.waitForSelector("h1");
    await page.waitForLoadState("networkidle");
    const shifted = await page.evaluate(() => window.shifted);
    if (shifted > 0.01) throw new Error(`${url}, ${width}: the layout has shifted by ${shifted}`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

async function picture(page, name) {
  // A dialog is where it is; anything else begins at its top.
  if (!(await page.$("dialog"))) await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: path.join(pictures, `${name}.jpg`), type: "jpeg", quality: 75, animations: "disabled" });
}

async function accessible(page, name) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
  });
  equal(violations, [], name);
}

export const field = (page, label) => page.getByLabel(label, { exact: true });
export const press = (page, name) => page.getByRole("button", { name, exact: true }).click();
export const alert = (page) => page.locator("[role=alert]").first().textContent();
export const title = (page, text) => page.getByRole("heading", { level: 1, name: text, exact: true }).waitFor();
export const at = (page, pathname) => page.waitForURL((url) => url.pathname === pathname);

/// Asks the worker as a script of the page would.
export const ask = (page, path, method = "GET", body = undefined) =>
  page.evaluate(async ([path, method, body]) => {
    const init = body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    const answer = await fetch(path, { method, ...init });
    const text = await answer.text();
    return { status: answer.status, body: /^[{[]/.test(text) ? JSON.parse(text) : text };
  }, [path, method, body]);
