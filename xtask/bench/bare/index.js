// A worker that only answers: what the runtime itself reaches.
const headers = { "content-type": "application/json" };
export default {
  fetch() {
    return new Response('{"ok":true}', { headers });
  },
};
