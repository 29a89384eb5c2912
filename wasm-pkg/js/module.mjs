// Loading the two modules, each once. Node's fetch does not read files; every other host fetches beside this file.
import { PorticoError } from "./error.mjs";

export function loader(start, functions, address) {
  let loading;
  let loaded = false;
  return {
    // Workers compile wasm before they run; workerd.mjs puts their module here.
    source: undefined,

    load(source) {
      loading ??= start({ module_or_path: source ?? this.source ?? read(address()) }).then(
        () => void (loaded = true),
        (error) => {
          loading = undefined;
          throw error;
        },
      );
      return loading;
    },

    call(name, ...args) {
      if (!loaded) throw new PorticoError("not_initialized");
      const answer = functions[name](...args);
      if (answer[0] === "!") throw new PorticoError(answer.slice(1));
      return answer;
    },
  };
}

function read(url) {
  const files = url.protocol === "file:" && globalThis.process?.getBuiltinModule?.("node:fs");
  return files ? files.promises.readFile(url) : fetch(url);
}
