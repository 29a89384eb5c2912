import type { Routes } from "portico-auth";
import { useState } from "preact/hooks";
import { client } from "../session";
import { date, maybe, t } from "../text";
import { Action, Loaded, useLoaded } from "../ui";

type Event = Routes["GET /api/v1/audit"]["answer"]["events"][number];

const words = (name: string) => name.replaceAll("_", " ");

/** Events asked for at once. */
const PAGE = 50;

/** The security events, latest first. */
export function Audit() {
  const [older, setOlder] = useState<Event[]>([]);
  const [ended, end] = useState(false);
  const latest = useLoaded(async () => {
    const [{ events }, { users }] = await Promise.all([
      client.call("GET /api/v1/audit", { query: { limit: PAGE } }),
      client.call("GET /api/v1/users/all"),
    ]);
    return { events, names: new Map(users.map(({ id, name }) => [id, name])) };
  });
  return (
    <div class="sheet">
      <Loaded of={latest}>
        {({ events, names }) => {
          const all = [...events, ...older];
          const more = async () => {
            const before = all.at(-1)?.id;
            const next = await client.call("GET /api/v1/audit", { query: { limit: PAGE, ...(before && { before }) } });
            setOlder([...older, ...next.events]);
            end(next.events.length < PAGE);
          };
          // Whose account is gone is known by its id.
          const who = (id: string | null) => (id === null ? "–" : (names.get(id) ?? id.slice(0, 8)));
          return (
            <>
              <table class="cards">
                <caption class="unseen">{t("audit.title")}</caption>
                <thead>
                  <tr>
                    <th scope="col">{t("audit.when")}</th>
                    <th scope="col">{t("audit.what")}</th>
                    <th scope="col">{t("audit.outcome")}</th>
                    <th scope="col">{t("audit.who")}</th>
                    <th scope="col">{t("audit.whom")}</th>
                    <th scope="col">{t("audit.network")}</th>
                  </tr>
                </thead>
                <tbody>
                  {all.map((event) => (
                    <tr key={event.id}>
                      <td class="small">{date(event.created_at)}</td>
                      <th scope="row">{maybe(`action.${event.action}`) ?? words(event.action)}</th>
                      <td>
                        <span class="badge">{maybe(`outcome.${event.outcome}`) ?? words(event.outcome)}</span>
                      </td>
                      <td>{who(event.actor_id)}</td>
                      <td>{who(event.target_id)}</td>
                      <td class="small faint">{event.network}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
              <div class="actions">
                {!ended && events.length === PAGE && <Action run={more}>{t("audit.more")}</Action>}
                <button
                  type="button"
                  onClick={() => {
                    setOlder([]);
                    end(false);
                    void latest.reload();
                  }}
                >
                  {t("reload")}
                </button>
              </div>
            </>
          );
        }}
      </Loaded>
    </div>
  );
}
