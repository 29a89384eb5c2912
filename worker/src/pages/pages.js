// The forms behind the links in mails. Each sends JSON and shows what the service says.
const form = document.querySelector("form");
const said = document.querySelector("output");
const link = new URLSearchParams(location.search);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = Object.fromEntries(new FormData(form));
  for (const name of (form.dataset.link ?? "").split(" ")) {
    if (name !== "" && link.has(name)) fields[name] = link.get(name);
  }
  said.textContent = "…";
  try {
    const answer = await fetch(form.getAttribute("action"), {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(fields),
    });
    const body = await answer.json().catch(() => ({}));
    said.textContent = body.message ?? (answer.ok ? "Done." : "That did not work.");
    if (answer.ok) form.querySelector("button").disabled = true;
  } catch {
    said.textContent = "The service can not be reached. Please try again.";
  }
});
