// Writes hash-wasm's modules, which it carries as text, as files that a Worker can import.
//     node extract.mjs <folder>
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const [folder] = process.argv.slice(2);
const source = readFileSync(createRequire(import.meta.url).resolve("hash-wasm"), "utf8");
for (const [, name, data] of source.matchAll(/"(argon2|blake2b)",?[\s\S]{0,80}?"(AGFzbQ[\w+/=]+)"/g)) {
  writeFileSync(path.join(folder, `${name}.wasm`), Buffer.from(data, "base64"));
  console.log(name, Buffer.from(data, "base64").byteLength);
}
