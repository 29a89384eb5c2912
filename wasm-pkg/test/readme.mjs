// The README's examples as files for the compiler, with what their readers have. Usage: readme.mjs FOLDER
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";

const folder = process.argv[2];
const READERS = {
  client: 'import("portico-auth").PorticoClient',
  image: "HTMLImageElement",
  otpauthUrl: "string",
  showDelete: "() => void",
  token: "string",
};

const readme = readFileSync(path.join(import.meta.dirname, "../README.md"), "utf8");
const examples = [...readme.matchAll(/^```js\n(.*?)^```/gms)].map(([, code]) => code);
if (examples.length < 3) throw new Error("the README has lost its examples");
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [number, code] of examples.entries()) {
  const missing = Object.entries(READERS).filter(([name]) => !new RegExp(`const ${name}\\b`).test(code));
  const declared = missing.map(([name, type]) => `declare const ${name}: ${type};\n`).join("");
  writeFileSync(path.join(folder, `${number}.mts`), declared + code);
}
