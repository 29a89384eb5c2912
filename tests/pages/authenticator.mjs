// An authenticator app (RFC 6238).
import { createHmac } from "node:crypto";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// An app. Somebody's next one begins where the one before ended: the server takes no step twice, whatever secret it was of.
export function authenticator(secret, before = { last: 0 }) {
  let { last } = before;
  const bits = [...secret.replaceAll(" ", "")].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  /// The next code that was not used: each is good once, and the one of the next step is good already.
  const code = async () => {
    const now = Math.floor(Date.now() / 30_000);
    const step = Math.max(now, last + 1);
    // Two steps ahead is too far: the clock has to come nearer.
    if (step > now + 1) await new Promise((later) => setTimeout(later, (step - 1) * 30_000 - Date.now() + 50));
    code.last = last = step;
    const counter = Buffer.alloc(8);
    counter.writeBigUInt64BE(BigInt(step));
    const digest = createHmac("sha1", key).update(counter).digest();
    const offset = digest[19] & 15;
    return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
  };
  return code;
}
