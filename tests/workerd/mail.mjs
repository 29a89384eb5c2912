// Servers that take mail, well or badly, each on a port of its own. One line of JSON out for each thing that happens:
//   {"port": N}                                    it listens
//   {"mail": {"from": …, "to": …, "data": …}}      it has taken a mail
//   {"tried": WHAT}                                it has been asked, and has not
// Kinds: tls, starttls, hangs, refuses, drops, later, untrusted, http, http-later, http-refuses. Ends with its input.
import { readFileSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { SMTPServer } from "smtp-server";

const kind = process.argv[2];
const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
const fixture = (name) => readFileSync(path.join(import.meta.dirname, "../fixtures/tls", name));
process.stdin.on("end", () => process.exit(0)).resume();

let asked = 0;

function smtp(options, onRcptTo) {
  return new SMTPServer({
    key: fixture("localhost.key"),
    cert: fixture("localhost.pem"),
    logger: false,
    allowInsecureAuth: false,
    onAuth({ username, password }, session, done) {
      const good = username === "portico" && password === "mail secret";
      if (!good) tell({ tried: "login" });
      done(good ? null : new Error("wrong password"), { user: username });
    },
    onRcptTo: onRcptTo ?? ((address, session, done) => done()),
    onData(stream, session, done) {
      const chunks = [];
      stream.on("data", (chunk) => chunks.push(chunk));
      stream.on("end", () => {
        const { mailFrom, rcptTo } = session.envelope;
        const data = Buffer.concat(chunks).toString();
        tell({ mail: { from: mailFrom.address, to: rcptTo[0].address, secure: session.secure, data } });
        done();
      });
    },
    ...options,
  });
}

const refusal = (code, text) => Object.assign(new Error(text), { responseCode: code });

const kinds = {
  untrusted() {
    const server = smtp({ secure: true, key: fixture("stranger.key"), cert: fixture("stranger.pem") });
    server.on("error", () => tell({ tried: "handshake" }));
    return server;
  },
  tls: () => smtp({ secure: true, authMethods: ["PLAIN", "LOGIN"] }),
  starttls: () => smtp({ secure: false, authMethods: ["LOGIN"] }),
  hangs: () => net.createServer(() => tell({ tried: "hangs" })),
  refuses: () =>
    smtp({ secure: true }, (address, session, done) => {
      tell({ tried: "refuses" });
      done(refusal(550, "no such mailbox"));
    }),
  later: () =>
    smtp({ secure: true }, (address, session, done) => {
      if (asked++ > 0) return done();
      tell({ tried: "later" });
      done(refusal(451, "greylisted"));
    }),
  // Falls silent in the middle of the first mail and hangs up.
  drops() {
    const server = smtp({ secure: true });
    const onData = server.onData;
    server.onData = (stream, session, done) => {
      if (asked++ > 0) return onData.call(server, stream, session, done);
      tell({ tried: "drops" });
      server.connections.forEach((connection) => connection._socket.destroy());
    };
    return server;
  },
  http: () => api(() => 200),
  "http-later": () => api(() => (asked++ > 0 ? 200 : 500)),
  "http-refuses": () => api(() => 422),
};

function api(status) {
  return http.createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const answer = status();
    const { method, url, headers } = request;
    const { authorization, "idempotency-key": key } = headers;
    const body = JSON.parse(Buffer.concat(chunks));
    tell(answer === 200 ? { mail: { method, url, authorization, key, ...body } } : { tried: String(answer) });
    response.writeHead(answer, { "content-type": "application/json" });
    response.end("{}");
  });
}

const server = kinds[kind]();
server.on("error", () => {});
server.listen(0, "localhost", () => {
  tell({ port: (server.server ?? server).address().port });
});
