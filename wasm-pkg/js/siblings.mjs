// The other tabs with the same session. Without Web Locks and BroadcastChannel there are none.
const PATIENCE_MS = 200;

export class Siblings {
  #name;
  #channel;
  #locks = globalThis.navigator?.locks;
  #leave;
  #asking;

  constructor(name, { session, told }) {
    this.#name = name;
    if (!this.#locks || typeof BroadcastChannel !== "function") return;
    this.#channel = new BroadcastChannel(name);
    this.#channel.unref?.();
    this.#channel.onmessage = ({ data }) => {
      if (data.ask) this.#channel.postMessage({ answer: data.ask, session: session() });
      else if (data.answer) this.#asking?.(data);
      else told(data.session, data.event, data.detail);
    };
    // Held as long as this tab is there: whoever asks knows how many answers to wait for.
    void this.#locks.request(`${name} here`, { mode: "shared" }, () => new Promise((leave) => (this.#leave = leave)));
  }

  alone(work) {
    return this.#channel ? this.#locks.request(this.#name, work) : work();
  }

  tell(session, event, detail) {
    this.#channel?.postMessage({ session, event, detail });
  }

  // A session that somebody else has and that is good for a while yet, or null.
  async ask() {
    if (!this.#channel) return null;
    const { held } = await this.#locks.query();
    let open = held.filter(({ name }) => name === `${this.#name} here`).length - 1;
    if (open < 1) return null;
    const ask = `${Math.random()}`;
    return new Promise((resolve) => {
      const patience = setTimeout(resolve, PATIENCE_MS, null);
      this.#asking = ({ answer, session }) => {
        if (answer !== ask || (!session && --open > 0)) return;
        clearTimeout(patience);
        resolve(session);
      };
      this.#channel.postMessage({ ask });
    });
  }

  close() {
    this.#channel?.close();
    this.#leave?.();
  }
}
