// The other tabs with the same session. Where there is no page there are none: clients of one server are of many people.
const PATIENCE_MS = 200;

export class Siblings {
  #name;
  #channel;
  #locks;
  #leave;
  #asking;

  constructor(name, { session, told }) {
    this.#name = name;
    if (typeof document === "undefined" || typeof BroadcastChannel !== "function") return;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => {
      if (data.ask) this.tell({ answer: data.ask, theirs: session() });
      else if (data.answer) this.#asking?.(data);
      else told(data);
    };
    this.#locks = globalThis.navigator?.locks;
    // Held as long as this tab is there: whoever asks knows how many answers to wait for.
    const here = () => this.#channel && new Promise((leave) => (this.#leave = leave));
    this.#locks?.request(`${name} here`, { mode: "shared" }, here).catch(() => (this.#locks = undefined));
  }

  alone(work) {
    return this.#locks ? this.#locks.request(this.#name, work) : work();
  }

  tell(message) {
    this.#channel?.postMessage(message);
  }

  // A session that somebody else has and that is good for a while yet, or null.
  async ask() {
    if (!this.#locks || !this.#channel) return null;
    const { held } = await this.#locks.query();
    let open = held.filter(({ name }) => name === `${this.#name} here`).length - 1;
    if (open < 1) return null;
    const ask = `${Math.random()}`;
    return new Promise((resolve) => {
      const patience = setTimeout(resolve, PATIENCE_MS, null);
      this.#asking = ({ answer, theirs }) => {
        if (answer !== ask || (!theirs && --open > 0)) return;
        clearTimeout(patience);
        resolve(theirs);
      };
      this.tell({ ask });
    });
  }

  close() {
    this.#channel?.close();
    this.#channel = undefined;
    this.#leave?.();
  }
}
