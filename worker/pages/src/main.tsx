// Which page this is: each path has a document of its own, with the same script.
import { type FunctionComponent, h, render } from "preact";
import { readConfig } from "./session";
import { negotiate, onChoice, t } from "./text";
import { Entrance } from "./entrance";

type Page = () => Promise<{ default: FunctionComponent }>;

const entrance = async () => ({ default: Entrance });
const PAGES: Record<string, Page> = {
  "/account": () => import("./account"),
  "/admin": () => import("./admin"),
};

const root = document.getElementById("app")!;
try {
  const page = PAGES[location.pathname.replace(/\.html$|\/$/, "")] ?? entrance;
  const [{ default: Component }] = await Promise.all([page(), readConfig().then((config) => negotiate(config.default_locale))]);
  const draw = () => render(h(Component, {}), root);
  onChoice(draw);
  draw();
} catch {
  await negotiate().catch(() => undefined);
  const notice = document.createElement("p");
  notice.className = "bare";
  notice.role = "alert";
  notice.textContent = `${t("error.offline")} `;
  const again = document.createElement("button");
  again.textContent = t("again");
  again.addEventListener("click", () => location.reload());
  notice.append(again);
  root.replaceChildren(notice);
}
