import type { AccountData } from "../account";
import { client } from "../session";
import { date, maybe, t } from "../text";
import { Action } from "../ui";
import { device } from "../device";

export function Sessions({ sessions, reload }: { sessions: AccountData["sessions"]; reload(): Promise<void> }) {
  const end = (id: string) => async () => {
    await client.call("DELETE /api/v1/auths/sessions/{id}", { path: { id } });
    await reload();
  };
  const endOthers = async () => {
    await client.call("DELETE /api/v1/auths/sessions");
    await reload();
  };
  const latest = [...sessions].sort((a, b) => Number(b.current) - Number(a.current) || b.last_seen_at - a.last_seen_at);
  return (
    <section class="sheet" aria-labelledby="sessions">
      <h2 id="sessions">{t("sessions.title")}</h2>
      <ul class="rows">
        {latest.map((session) => {
          const name = device(session.user_agent) ?? t("sessions.unknown");
          return (
            <li key={session.id}>
              <div>
                <strong>{name}</strong> {session.current && <span class="badge">{t("sessions.this")}</span>}
                <div class="small faint">
                  {t("sessions.seen", { date: date(session.last_seen_at), network: session.network })}
                  {", "}
                  {maybe(`method.${session.auth_method}`) ?? session.auth_method}
                </div>
              </div>
              {!session.current && (
                <Action run={end(session.id)} label={t("sessions.end.name", { name })}>
                  {t("sessions.end")}
                </Action>
              )}
            </li>
          );
        })}
      </ul>
      {sessions.length > 1 && (
        <Action run={endOthers} kind="danger">
          {t("sessions.end.others")}
        </Action>
      )}
    </section>
  );
}
