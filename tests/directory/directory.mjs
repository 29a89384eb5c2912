// A directory on this machine, OpenLDAP's slapd: for tests, and for trying out `cargo xtask dev --with-ldap`.
//   node directory.mjs CERTIFICATE KEY [PEOPLE [CIPHERS]]
// One line of JSON out when it listens: {"port": N, "tlsPort": N}. The first one is for StartTLS and plain connections.
// PEOPLE is how many there are besides those that have a name below; CIPHERS is what GnuTLS calls a priority string.
//
// Everybody's password is their uid followed by "-password". `cn=portico,dc=example,dc=com` may search with the password
// "the directory's secret", and nobody else may.
//
// Ends with its input.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync, mkdirSync } from "node:fs";
import { createConnection, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const [certificate, key, count = "0", ciphers = "NORMAL"] = process.argv.slice(2);
const BASE = "dc=example,dc=com";
const PEOPLE = `ou=people,${BASE}`;
const ADMIN = ["-x", "-D", `cn=root,${BASE}`, "-w", "root"];

/// Those with a name: uid, the first step of their own name, what else there is about them.
const NAMED = [
  ["jane", "uid=jane", { cn: ["Jane Doe", "J. Doe"], givenName: ["Jane"], sn: ["Doe"], mail: ["jane@example.com"] }],
  ["john", "cn=Doe\\, John \\#3", { cn: ["Doe, John #3"], sn: ["Doe"], mail: ["john@example.com"] }],
  ["jürgen", "uid=jürgen", { cn: ["Jürgen Müller 李"], sn: ["Müller"], mail: ["juergen@example.com"] }],
  ["#hash", "uid=\\#hash", { cn: ["#hash, \"quoted\" <x>; a=b+c\\d"], sn: ["hash"], mail: ["hash@example.com"] }],
  ["star*", "uid=star*", { cn: ["Star"], sn: ["Star"], mail: ["star@example.com"] }],
  ["par(en)", "uid=par(en)", { cn: ["Par En"], sn: ["Paren"], mail: ["paren@example.com"] }],
  ["back\\slash", "uid=back\\\\slash", { cn: ["Back Slash"], sn: ["Slash"], mail: ["slash@example.com"] }],
  ["two words", "uid=two words", { cn: ["Two  Words"], sn: ["Words"], mail: ["words@example.com"] }],
  ["bob", "uid=bob+sn=Ray", { cn: ["Bob Ray"], sn: ["Ray"] }],
  ["twin", "uid=twin+sn=A", { cn: ["Twin A"], sn: ["A"], mail: ["twin.a@example.com"] }],
  ["twin", "uid=twin+sn=B", { cn: ["Twin B"], sn: ["B"], mail: ["twin.b@example.com"] }],
];

/// Groups that their members know of, and one of those that they do not.
const GROUPS = `
dn: cn=Sales\\, EMEA,ou=groups,${BASE}
objectClass: groupOfNames
cn: Sales, EMEA
member: uid=jane,${PEOPLE}
member: cn=Doe\\, John \\#3,${PEOPLE}

dn: cn=Staff,ou=groups,${BASE}
objectClass: groupOfNames
cn: Staff
member: uid=jane,${PEOPLE}

dn: cn=unix,ou=groups,${BASE}
objectClass: posixGroup
cn: unix
gidNumber: 100
memberUid: jane
`;

const line = (name, value) => `${name}:: ${Buffer.from(value).toString("base64")}\n`;
const person = ([uid, first, attributes]) =>
  line("dn", `${first},${PEOPLE}`) + "objectClass: inetOrgPerson\n" + line("uid", uid) +
  Object.entries(attributes).flatMap(([name, values]) => values.map((value) => line(name, value))).join("") +
  line("userPassword", `${uid}-password`) + "\n";

const folder = mkdtempSync(join(tmpdir(), "portico-directory-"));
const path = (name) => join(folder, name);
mkdirSync(path("data"));
writeFileSync(path("slapd.conf"), `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
pidfile ${path("slapd.pid")}
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
TLSCertificateFile ${certificate}
TLSCertificateKeyFile ${key}
TLSCipherSuite ${ciphers}
disallow bind_anon
database mdb
suffix "${BASE}"
rootdn "cn=root,${BASE}"
rootpw root
directory ${path("data")}
maxsize 268435456
dbnosync
index objectClass,uid,mail,member,memberUid,entryUUID eq
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=portico,${BASE}" read by * none
`);
writeFileSync(path("people.ldif"), `
dn: ${BASE}
objectClass: domain
dc: example

dn: ${PEOPLE}
objectClass: organizationalUnit
ou: people

dn: ou=groups,${BASE}
objectClass: organizationalUnit
ou: groups

dn: cn=portico,${BASE}
objectClass: person
cn: portico
sn: portico
userPassword: the directory's secret

` + NAMED.map(person).join("") + Array.from({ length: Number(count) }, (_, number) => {
  const uid = `user${number}`;
  return person([uid, `uid=${uid}`, { cn: [`User ${number}`], sn: [`${number}`], mail: [`${uid}@example.com`] }]);
}).join(""));
writeFileSync(path("groups.ldif"), GROUPS);
execFileSync("/usr/sbin/slapadd", ["-q", "-f", path("slapd.conf"), "-l", path("people.ldif")], { stdio: "ignore" });

const free = async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
};
const listens = (port) => new Promise((resolve) => {
  const socket = createConnection(port, "127.0.0.1");
  socket.once("connect", () => { socket.destroy(); resolve(true); });
  socket.once("error", () => resolve(false));
});

const [port, tlsPort] = [await free(), await free()];
const addresses = `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${tlsPort}`;
// `-d 0` keeps it in the foreground: it ends with us.
const slapd = spawn("/usr/sbin/slapd", ["-f", path("slapd.conf"), "-h", addresses, "-d", "0"], { stdio: "ignore" });
const end = () => {
  slapd.kill();
  rmSync(folder, { recursive: true, force: true });
  process.exit();
};
slapd.once("exit", end);
while (!(await listens(port) && await listens(tlsPort))) await pause(20);
execFileSync("ldapadd", [...ADMIN, "-H", `ldap://127.0.0.1:${port}`, "-f", path("groups.ldif")], { stdio: "ignore" });
console.log(JSON.stringify({ port, tlsPort }));
process.stdin.resume().once("end", end);
