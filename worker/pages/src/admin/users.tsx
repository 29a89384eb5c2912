import type { Routes } from "portico-auth";
import { useEffect, useState } from "preact/hooks";
import { client } from "../session";
import { date, t } from "../text";
import { Action, Copied, Dialog, Field, Form, Loaded, type Values, useLoaded } from "../ui";

type Listed = Routes["GET /api/v1/users/"]["answer"]["users"][number];
type Role = Listed["role"];

const ROLES: readonly Role[] = ["pending", "user", "admin"];
/** Accounts on a page; the server's number. */
const PAGE = 30;
/** Milliseconds without a letter after which the list follows what was typed. */
const PAUSE = 250;

export function Users() {
  const [query, search] = useState("");
  const [page, turn] = useState(1);
  const [asked, ask] = useState({ query, page });
  useEffect(() => {
    if (query === asked.query && page === asked.page) return;
    const pause = setTimeout(() => ask({ query, page }), query === asked.query ? 0 : PAUSE);
    return () => clearTimeout(pause);
  }, [query, page]);
  const list = useLoaded(() => client.call("GET /api/v1/users/", { query: asked }), [asked]);
  const [chosen, choose] = useState<Listed>();
  const [adding, add] = useState<"account" | "invitation">();
  const close = () => {
    choose(undefined);
    add(undefined);
    void list.reload();
  };
  const pages = Math.max(1, Math.ceil((list.value?.total ?? 0) / PAGE));
  // The last account of the last page may be gone.
  useEffect(() => void (list.value && page > pages && turn(pages)), [list.value]);
  return (
    <>
      <div class="sheet">
        <div class="tools">
          <Field
            label={t("users.search")}
            name="query"
            type="search"
            value={query}
            onInput={(event) => {
              search(event.currentTarget.value);
              turn(1);
            }}
          />
          <button type="button" onClick={() => add("account")}>
            {t("users.add")}
          </button>
          <button type="button" onClick={() => add("invitation")}>
            {t("invite.title")}
          </button>
        </div>
        <Loaded of={list}>
          {({ users, total }) => (
            <>
              <p class="faint" role="status">
                {t("users.total", { total })}
              </p>
              <table class="cards">
                <caption class="unseen">{t("users.title")}</caption>
                <thead>
                  <tr>
                    <th scope="col">{t("name")}</th>
                    <th scope="col">{t("email")}</th>
                    <th scope="col">{t("users.role")}</th>
                    <th scope="col">{t("users.seen")}</th>
                    <th scope="col">
                      <span class="unseen">{t("users.more")}</span>
                    </th>
                  </tr>
                </thead>
                <tbody>
                  {users.map((user) => (
                    <tr key={user.id}>
                      <th scope="row">{user.name}</th>
                      <td>{user.email}</td>
                      <td>
                        <RoleChoice user={user} changed={list.reload} />
                      </td>
                      <td class="small faint">{date(user.last_active_at)}</td>
                      <td>
                        <button type="button" aria-label={t("users.more.name", { name: user.name })} onClick={() => choose(user)}>
                          {t("users.more")}
                        </button>
                      </td>
                    </tr>
                  ))}
                </tbody>
              </table>
              {pages > 1 && (
                <nav class="actions" aria-label={t("pages")}>
                  <button type="button" aria-disabled={page <= 1} onClick={() => turn(Math.max(1, page - 1))}>
                    {t("pages.previous")}
                  </button>
                  <span>{t("pages.at", { page, pages })}</span>
                  <button type="button" aria-disabled={page >= pages} onClick={() => turn(Math.min(pages, page + 1))}>
                    {t("pages.next")}
                  </button>
                </nav>
              )}
            </>
          )}
        </Loaded>
      </div>
      {chosen && <More user={chosen} close={close} />}
      {adding === "account" && <Addition close={close} />}
      {adding === "invitation" && <Invitations close={close} />}
    </>
  );
}

/** A role is asked for once more: whoever goes through a list by arrow keys passes others on the way. */
function RoleChoice({ user, changed }: { user: Listed; changed(): Promise<void> }) {
  const [wanted, want] = useState<Role>();
  const change = async () => {
    await client.call("POST /api/v1/users/{id}/update", { path: { id: user.id }, body: { role: wanted! } });
    await changed();
    want(undefined);
  };
  return (
    <>
      <select aria-label={t("users.role.name", { name: user.name })} value={user.role} onChange={(event) => want(event.currentTarget.value as Role)}>
        {ROLES.map((role) => (
          <option key={role} value={role} selected={role === user.role}>
            {t(`role.${role}`)}
          </option>
        ))}
      </select>
      {wanted && wanted !== user.role && (
        <Dialog role="alertdialog" title={t("users.role.change")} close={() => want(undefined)}>
          <Form send={change} action={t("users.role.change")}>
            <p>{t("users.role.text", { name: user.name, role: t(`role.${wanted}`) })}</p>
          </Form>
          <button type="button" onClick={() => want(undefined)}>
            {t("cancel")}
          </button>
        </Dialog>
      )}
    </>
  );
}

function Addition({ close }: { close(): void }) {
  const send = async ({ name = "", email = "", password = "", role = "user" }: Values) => {
    await client.call("POST /api/v1/auths/add", { body: { name, email, password, role: role as Role } });
    return t("users.added", { name });
  };
  return (
    <Dialog title={t("users.add")} close={close}>
      <Form send={send} action={t("users.add.action")} reset>
        <Field label={t("name")} name="name" autocomplete="off" required />
        <Field label={t("email")} name="email" type="email" autocomplete="off" required />
        <Field label={t("password")} name="password" type="password" autocomplete="new-password" required />
        <Field label={t("users.role")} name="role">
          {ROLES.map((role) => (
            <option key={role} value={role} selected={role === "user"}>
              {t(`role.${role}`)}
            </option>
          ))}
        </Field>
      </Form>
    </Dialog>
  );
}

function Invitations({ close }: { close(): void }) {
  const list = useLoaded(() => client.call("GET /api/v1/invitations"));
  const [link, setLink] = useState<string>();
  const send = async ({ email = "" }: Values) => {
    const invitation = await client.call("POST /api/v1/invitations", { body: { email } });
    setLink(invitation.link);
    await list.reload();
    return t(invitation.link ? "invite.link" : "invite.sent", { email });
  };
  const withdraw = (id: string) => async () => {
    await client.call("DELETE /api/v1/invitations/{id}", { path: { id } });
    await list.reload();
  };
  return (
    <Dialog title={t("invite.title")} close={close}>
      <Form send={send} action={t("invite.action")} reset>
        <Field label={t("email")} name="email" type="email" autocomplete="off" hint={t("invite.hint")} required />
      </Form>
      {link && <Copied text={link} />}
      <Loaded of={list}>
        {(invitations) => (
          <ul class="rows">
            {invitations.map(({ id, email, expires_at }) => (
              <li key={id}>
                <div>
                  {email}
                  <div class="small faint">{t("invite.until", { date: date(expires_at) })}</div>
                </div>
                <Action run={withdraw(id)} label={t("invite.withdraw.name", { email })}>
                  {t("invite.withdraw")}
                </Action>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Dialog>
  );
}

const BAN_DAYS = [1, 7, 30, 365] as const;
const DAY = 86_400;

/** Everything else that can be done for, or to, somebody. */
function More({ user: listed, close }: { user: Listed; close(): void }) {
  const [user, setUser] = useState<Pick<Listed, "email" | "id" | "name">>(listed);
  const path = { id: user.id };
  const [shown, show] = useState<{ text: string; secret?: string }>();
  const change = async ({ name = "", email = "" }: Values) => {
    setUser(await client.call("POST /api/v1/users/{id}/update", { path, body: { name, email } }));
    return t("saved");
  };
  const done = (text: string, secret?: string) => show(secret === undefined ? { text } : { text, secret });
  return (
    <Dialog title={user.name} close={close}>
      <Form send={change} action={t("save")}>
        <Field label={t("name")} name="name" initial={user.name} autocomplete="off" required />
        <Field label={t("email")} name="email" type="email" initial={user.email} autocomplete="off" required />
      </Form>
      <h3>{t("users.help")}</h3>
      <div class="stack">
        <Action run={async () => done(t("users.link"), (await client.call("POST /api/v1/users/{id}/password/link", { path })).link)}>
          {t("users.link.action")}
        </Action>
        <Action
          confirm={t("users.factor.text", { name: user.name })}
          run={async () => done(t("users.factor"), (await client.call("POST /api/v1/users/{id}/mfa/reset", { path })).reset_token)}
        >
          {t("users.factor.action")}
        </Action>
        <Action
          run={async () => {
            await client.call("POST /api/v1/users/{id}/sessions/revoke", { path });
            done(t("users.revoked"));
          }}
        >
          {t("users.revoke")}
        </Action>
        <div class="actions" role="group" aria-label={t("users.ban")}>
          <span>{t("users.ban")}</span>
          {BAN_DAYS.map((days) => (
            <Action
              key={days}
              run={async () => {
                const { until } = await client.call("POST /api/v1/users/{id}/ban", { path, body: { seconds: days * DAY } });
                done(t("users.banned", { date: date(until) }));
              }}
            >
              {t("users.ban.days", { days })}
            </Action>
          ))}
          <Action
            run={async () => {
              await client.call("DELETE /api/v1/users/{id}/ban", { path });
              done(t("users.unbanned"));
            }}
          >
            {t("users.unban")}
          </Action>
        </div>
        <Action
          kind="danger"
          confirm={t("users.delete.text", { name: user.name })}
          run={async () => {
            await client.call("DELETE /api/v1/users/{id}", { path });
            close();
          }}
        >
          {t("users.delete")}
        </Action>
      </div>
      <div class="said" aria-live="polite">
        {shown && (
          <>
            <p class="notice good">{shown.text}</p>
            {shown.secret && <Copied text={shown.secret} />}
          </>
        )}
      </div>
    </Dialog>
  );
}
