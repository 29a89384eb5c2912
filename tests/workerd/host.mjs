// Runs built Workers in workerd for the tests. One line of JSON in, one line out:
//   {"start": NAME, "worker": DIR, "vars": {…}, "state": DIR?, "meddle": BOOL?}  →  {"url": …}
//   {"sql": NAME, "statement": SQL}                             →  {}
//   {"tick": NAME}: what the Worker does now and then           →  {}
//   {"mail": NAME}: what the binding for mail was given last    →  {"text": …}
//   {"stop": NAME}: with what it has written down               →  {"audit": […], "log": […]}
// Every instance has a port and, unless it is given a folder, storage of its own. Ends with its input.
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from "node:fs";
import path from "node:path";
import readline from "node:readline";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";

const root = path.resolve(import.meta.dirname, "../..");
const migrations = path.join(root, "worker/migrations");
const statements = readdirSync(migrations)
  .filter((file) => file.endsWith(".sql"))
  .sort()
  .map((file) => readFileSync(path.join(migrations, file), "utf8"));

const objects = {
  EVENTS: { className: "EventDispatcher", useSQLite: true },
  SESSIONS: { className: "SessionAuthority", useSQLite: true },
  THROTTLES: { className: "ThrottleBucket", useSQLite: true },
};

const instances = new Map();

// What each instance and the emulation around it has said.
const logs = new Map();

class Said extends Log {
  constructor(said) {
    super(LogLevel.INFO);
    this.said = said;
  }

  log(message) {
    this.said.push(message);
  }
}

// Everything that is stored while this runs. One folder has the schema and nothing else; each instance begins with a
// copy of it, which takes a tenth of the time that the migrations take.
const folders = path.join(root, "target/xtask/workerd", String(process.pid));
mkdirSync(folders, { recursive: true });
for (const pid of readdirSync(path.dirname(folders))) {
  // A host that was killed leaves its folder behind.
  if (!existsSync(`/proc/${pid}`)) rmSync(path.join(path.dirname(folders), pid), { recursive: true, force: true });
}
const migrated = path.join(folders, "migrated");
const ready = migrate();

// Every Worker of this repository comes in through the same entry, whatever it was built from.
const entry = path.join(root, "worker/entry/index.mjs");

async function start({ start: name, worker, vars, state, meddle, flags }) {
  const dir = path.join(root, worker);
  const isOurs = existsSync(path.join(dir, "build/index_bg.wasm"));
  const module = (file, source = path.join(dir, file)) => ({
    type: file.endsWith(".wasm") ? "CompiledWasm" : "ESModule",
    path: path.join(dir, file),
    contents: readFileSync(source, file.endsWith(".wasm") ? undefined : "utf8"),
  });
  const meddling = meddle ? [module("meddle.mjs", path.join(import.meta.dirname, "meddle.mjs"))] : [];
  const modules = isOurs
    ? [...meddling, module("index.mjs", entry), module("build/index.js"), module("build/index_bg.wasm")]
    : ["index.js", ...readdirSync(dir).filter((file) => file.endsWith(".wasm"))].map((file) => module(file));
  const options = {
    name: "portico",
    rootPath: dir,
    modulesRoot: dir,
    modules,
    compatibilityDate: "2026-10-01",
    compatibilityFlags: flags ?? [],
    bindings: vars,
    d1Databases: ["DB"],
    kvNamespaces: ["CACHE"],
    durableObjects: isOurs ? objects : {},
    email: isOurs ? { send_email: [{ name: "SEND_EMAIL" }] } : undefined,
    unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
    host: "127.0.0.1",
    port: 0,
    cf: false,
    logRequests: false,
  };
  const said = [];
  const converted = convertV4MiniflareOptions(options);
  converted.enableDevRegistry = false;
  converted.log = new Said(said);
  converted.handleStructuredLogs = ({ message }) => said.push(message);
  await ready;
  converted.resourcePersistencePath = state ?? path.join(folders, name);
  if (!existsSync(path.join(converted.resourcePersistencePath, "d1"))) {
    cpSync(migrated, converted.resourcePersistencePath, { recursive: true });
  }
  const miniflare = new Miniflare(converted);
  instances.set(name, miniflare);
  logs.set(name, said);
  await miniflare.ready;
  // The direct socket: Miniflare's own entry adds a proxy that real Workers do not have.
  return { url: (await miniflare.unsafeGetDirectURL()).origin };
}

async function migrate() {
  const options = { name: "portico", modules: true, script: "export default {}", d1Databases: ["DB"] };
  const converted = convertV4MiniflareOptions({ ...options, compatibilityDate: "2026-10-01", cf: false });
  converted.enableDevRegistry = false;
  converted.resourcePersistencePath = migrated;
  const miniflare = new Miniflare(converted);
  const database = await miniflare.getD1Database("DB");
  for (const sql of statements) await database.batch(split(sql).map((statement) => database.prepare(statement)));
  await miniflare.dispose();
}

// A statement ends at a semicolon at the end of a line, except before the END of a trigger.
function split(sql) {
  const lines = sql.split("\n").filter((line) => !line.trimStart().startsWith("--"));
  return lines.join("\n").split(/;\s*\n(?!END\b)/).map((statement) => statement.trim()).filter(Boolean);
}

async function sql({ sql: name, statement }) {
  const database = await instances.get(name).getD1Database("DB");
  await database.prepare(statement).run();
  return {};
}

async function tick({ tick: name }) {
  const worker = await instances.get(name).getWorker();
  const { outcome } = await worker.scheduled({ cron: "*/15 * * * *" });
  return outcome === "ok" ? {} : { error: outcome };
}

// The emulation keeps a mail's text in a file, and says where.
async function mail({ mail: name }) {
  const places = logs.get(name).map((line) => /^Text: (.*)$/m.exec(line)?.[1]).filter(Boolean);
  return places.length === 0 ? {} : { text: readFileSync(places.at(-1), "utf8") };
}

async function stop({ stop: name }) {
  const miniflare = instances.get(name);
  if (!miniflare) return {};
  const audit = await rows(miniflare).catch(() => []);
  await miniflare.dispose();
  instances.delete(name);
  const log = logs.get(name).filter((line) => !line.includes("send_email"));
  logs.delete(name);
  rmSync(path.join(folders, name), { recursive: true, force: true });
  return { audit, log };
}

async function rows(miniflare) {
  const database = await miniflare.getD1Database("DB");
  return (await database.prepare("SELECT * FROM audit_log").all()).results;
}

const verbs = { start, sql, tick, mail, stop };

for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  const [verb] = Object.keys(command).filter((name) => name in verbs);
  const answer = await verbs[verb](command).catch((error) => ({
    error: String(error?.stack ?? error),
  }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await Promise.all([...instances.values()].map((instance) => instance.dispose()));
rmSync(folders, { recursive: true, force: true });
process.exit(0);
