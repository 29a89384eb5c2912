// Makes common.bin: the first four bytes of SHA-256 of the 5,000 most common passwords that satisfy the
// length rule, sorted. The passwords are those of zxcvbn's frequency list, by rank.
//
//     npm install --no-save zxcvbn@4.4.2 && node core/src/password/common.mjs
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(process.cwd() + "/");
const { passwords } = require("zxcvbn/lib/frequency_lists");
const list = Array.isArray(passwords) ? passwords : passwords.split(",");
const common = list.filter((password) => [...password].length >= 8).slice(0, 5_000);
const prefixes = common.map((password) => createHash("sha256").update(password).digest().subarray(0, 4));
prefixes.sort(Buffer.compare);
writeFileSync(new URL("common.bin", import.meta.url), Buffer.concat(prefixes));
console.log(`${common.length} passwords, from "${common[0]}" to "${common.at(-1)}"`);
