// Runs a command and ends it when our input closes: also when whoever started us was killed, so that
// nothing goes on serving behind a developer's back.
import { spawn } from "node:child_process";

// How long a command may take to end by itself.
const GRACE_MS = 5_000;

const [command, ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
let ending = false;
function end() {
  ending = true;
  child.kill("SIGTERM");
  setTimeout(() => child.kill("SIGKILL"), GRACE_MS).unref();
}
process.stdin.resume().on("end", end).on("error", end);
process.on("SIGTERM", end);
// Ctrl-C reaches the command as well, which then ends by itself.
process.on("SIGINT", () => {
  ending = true;
});
child.on("error", (error) => {
  console.error(String(error));
  process.exit(1);
});
child.on("exit", (code) => process.exit(code ?? (ending ? 0 : 1)));
