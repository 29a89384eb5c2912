// A page that only people see who are signed in, and that shows what they may do.
import { hasPermission, init, PorticoClient, PorticoError, type Session } from "portico-auth";

const app = document.querySelector<HTMLElement>("#app")!;
const client = new PorticoClient();

interface Form {
  fields: { name: string; label: string; type: string; autocomplete: AutoFill }[];
  send(values: Record<string, string>): Promise<unknown>;
}

const passwordForm: Form = {
  fields: [
    { name: "email", label: "Email", type: "email", autocomplete: "username" },
    { name: "password", label: "Password", type: "password", autocomplete: "current-password" },
  ],
  async send({ email = "", password = "" }) {
    const { status } = await client.signIn({ email, password });
    if (status === "pending") app.append("An administrator has to let you in.");
  },
};

const codeForm: Form = {
  fields: [{ name: "code", label: "Code of your app", type: "text", autocomplete: "one-time-code" }],
  send: ({ code = "" }) => client.verifySecondFactor({ code }),
};

await init();
client.on("signed-in", showNotes);
// Permissions may have changed meanwhile.
client.on("refreshed", showNotes);
client.on("second-factor-needed", ({ step }) => (step === "verify" ? showForm(codeForm) : leave()));
client.on("signed-out", () => showForm(passwordForm));

try {
  if ((await client.start()) === null) showForm(passwordForm);
} catch (error) {
  say(error);
}

// Setting a second factor up is what the service's own pages are for.
function leave() {
  location.assign("/auth");
}

function say(error: unknown) {
  if (!(error instanceof PorticoError)) throw error;
  const problem = Object.assign(document.createElement("p"), { role: "alert", textContent: error.message });
  app.append(problem);
}

function showForm({ fields, send }: Form) {
  const form = document.createElement("form");
  for (const { name, label, type, autocomplete } of fields) {
    const field = Object.assign(document.createElement("input"), { name, type, autocomplete, required: true });
    const labelled = document.createElement("label");
    labelled.append(label, " ", field);
    form.append(labelled);
  }
  form.append(Object.assign(document.createElement("button"), { textContent: "Sign in" }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    app.replaceChildren(form);
    await send(Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]))).catch(say);
  });
  app.replaceChildren(form);
}

function showNotes({ user, permissions }: Session) {
  const title = Object.assign(document.createElement("h1"), { textContent: `Notes of ${user.name}` });
  const out = Object.assign(document.createElement("button"), { textContent: "Sign out" });
  out.addEventListener("click", () => client.signOut().catch(say));
  const buttons: HTMLElement[] = [out];
  // Administrators are not bound by permissions.
  if (user.role === "admin" || hasPermission(permissions, "chat.delete")) {
    buttons.unshift(Object.assign(document.createElement("button"), { textContent: "Delete everything" }));
  }
  app.replaceChildren(title, ...buttons);
}
