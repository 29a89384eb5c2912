// Groups, and what they permit: one row a permission, one column for everybody and one a group.
import { type PermissionTree, type Routes, effectivePermissions, init } from "portico-auth";
import { useState } from "preact/hooks";
import { Wrong, client } from "../session";
import { maybe, t } from "../text";
import { Action, Dialog, Field, Form, Loaded, type Values, useLoaded } from "../ui";

type Group = Routes["GET /api/v1/groups/"]["answer"][number];
type Tree = Record<string, Record<string, boolean>>;

async function load() {
  const [groups, defaults] = await Promise.all([
    client.call("GET /api/v1/groups/"),
    client.call("GET /api/v1/users/default/permissions"),
    init(),
  ]);
  return { groups: groups.sort((a, b) => a.name.localeCompare(b.name)), defaults };
}

export function Groups() {
  const loaded = useLoaded(load);
  const [edited, edit] = useState<Group | "new">();
  const close = () => {
    edit(undefined);
    void loaded.reload();
  };
  return (
    <Loaded of={loaded}>
      {({ groups, defaults }) => (
        <>
          <div class="sheet">
            <p class="faint">{t("matrix.text")}</p>
            <Matrix groups={groups} defaults={defaults} edit={edit} saved={loaded.reload} />
          </div>
          {edited && <Editor group={edited === "new" ? undefined : edited} groups={groups} close={close} />}
        </>
      )}
    </Loaded>
  );
}

const copied = (tree: PermissionTree): Tree => JSON.parse(JSON.stringify(tree));

interface MatrixProps {
  groups: Group[];
  defaults: PermissionTree;
  edit(group: Group | "new"): void;
  saved(): Promise<void>;
}

function Matrix({ groups, defaults, edit, saved }: MatrixProps) {
  // Every row that anybody has; the defaults have all that the server knows.
  const sections = Object.entries(defaults);
  // What was ticked and is not saved yet, by group; "" is everybody.
  const [edited, setEdited] = useState<Record<string, Tree>>({});
  const stored = new Map<string, PermissionTree | null>([["", defaults], ...groups.map(({ id, permissions }) => [id, permissions] as const)]);
  const treeOf = (column: string): PermissionTree => edited[column] ?? stored.get(column) ?? {};
  const columns = [{ id: "", name: t("matrix.everybody") }, ...groups];
  // What a group gets from those above it, and from everybody.
  const inherited = (group: Group): PermissionTree =>
    effectivePermissions({
      defaults: treeOf(""),
      groups: groups.map(({ id, parent_group_id }) => ({ id, parent_group_id, permissions: treeOf(id) })),
      memberOf: group.parent_group_id ? [group.parent_group_id] : [],
    });
  const given = new Map(groups.map((group) => [group.id, inherited(group)]));
  const flip = (column: string, section: string, name: string) => {
    const tree = copied(treeOf(column));
    (tree[section] ??= {})[name] = !tree[section]?.[name];
    setEdited({ ...edited, [column]: tree });
  };
  const save = async () => {
    for (const [column, permissions] of Object.entries(edited)) {
      const group = groups.find(({ id }) => id === column);
      if (column === "") await client.call("POST /api/v1/users/default/permissions", { body: permissions });
      else if (group) {
        const { name, description } = group;
        await client.call("POST /api/v1/groups/id/{id}/update", { path: { id: column }, body: { name, description, permissions } });
      }
    }
    await saved();
    setEdited({});
    return t("saved");
  };
  return (
    <Form
      send={save}
      action={t("save")}
      more={
        <button type="button" onClick={() => edit("new")}>
          {t("groups.new")}
        </button>
      }
    >
      <div class="scroll" role="region" aria-label={t("matrix.title")} tabIndex={0}>
        <table class="matrix">
          <caption class="unseen">{t("matrix.title")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("matrix.permission")}</th>
              <th scope="col">{t("matrix.everybody")}</th>
              {groups.map((group) => (
                <th scope="col" key={group.id}>
                  {group.name}
                  <div class="small faint">{t("groups.members", { count: group.member_count ?? 0 })}</div>
                  <button type="button" class="plain" aria-label={t("groups.edit.name", { name: group.name })} onClick={() => edit(group)}>
                    {t("groups.edit")}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          {sections.map(([section, leaves]) => (
            <tbody key={section}>
              <tr>
                <th scope="rowgroup" colSpan={columns.length + 1}>
                  {maybe(`section.${section}`) ?? words(section)}
                </th>
              </tr>
              {Object.keys(leaves).map((name) => (
                <tr key={name}>
                  <th scope="row">{words(name)}</th>
                  {columns.map((column) => {
                    const has = treeOf(column.id)[section]?.[name] === true;
                    const from = !has && given.get(column.id)?.[section]?.[name] === true;
                    const about = { group: column.name, permission: `${words(section)}: ${words(name)}` };
                    return (
                      <td key={column.id}>
                        <input
                          type="checkbox"
                          checked={has}
                          indeterminate={from}
                          aria-label={t(from ? "matrix.cell.inherited" : "matrix.cell", about)}
                          onChange={() => flip(column.id, section, name)}
                        />
                      </td>
                    );
                  })}
                </tr>
              ))}
            </tbody>
          ))}
        </table>
      </div>
    </Form>
  );
}

const words = (name: string) => name.replaceAll("_", " ");

function Editor({ group, groups, close }: { group: Group | undefined; groups: Group[]; close(): void }) {
  const send = async ({ name = "", description = "", parent = "" }: Values) => {
    const body = { name, description, parent_group_id: parent || null };
    if (group) await client.call("POST /api/v1/groups/id/{id}/update", { path: { id: group.id }, body });
    else await client.call("POST /api/v1/groups/create", { body });
    close();
  };
  const drop = async () => {
    await client.call("DELETE /api/v1/groups/id/{id}/delete", { path: { id: group!.id } });
    close();
  };
  return (
    <Dialog title={group?.name ?? t("groups.new")} close={close}>
      <Form send={send} action={t("save")}>
        <Field label={t("name")} name="name" initial={group?.name ?? ""} autocomplete="off" required />
        <Field label={t("groups.description")} name="description" initial={group?.description ?? ""} autocomplete="off" />
        <Field label={t("groups.parent")} name="parent" hint={t("groups.parent.hint")}>
          <option value="">{t("groups.parent.none")}</option>
          {groups
            .filter(({ id }) => id !== group?.id)
            .map(({ id, name }) => (
              <option key={id} value={id} selected={id === group?.parent_group_id}>
                {name}
              </option>
            ))}
        </Field>
      </Form>
      {group && <Members group={group} />}
      {group && (
        <Action run={drop} kind="danger" confirm={t("groups.delete.text", { name: group.name })}>
          {t("groups.delete")}
        </Action>
      )}
    </Dialog>
  );
}

function Members({ group }: { group: Group }) {
  const path = { id: group.id };
  const list = useLoaded(() => client.call("GET /api/v1/groups/id/{id}/members", { path, query: { membership: "direct" } }));
  const add = async ({ member = "" }: Values) => {
    const { users } = await client.call("GET /api/v1/users/search", { query: { query: member } });
    const found = users.find(({ email }) => email === member.trim().toLowerCase()) ?? (users.length === 1 ? users[0] : undefined);
    if (!found) throw new Wrong(t("groups.member.unknown"));
    await client.call("POST /api/v1/groups/id/{id}/users/add", { path, body: { user_ids: [found.id] } });
    await list.reload();
    return t("groups.member.added", { name: found.name });
  };
  const remove = (id: string) => async () => {
    await client.call("POST /api/v1/groups/id/{id}/users/remove", { path, body: { user_ids: [id] } });
    await list.reload();
  };
  return (
    <>
      <h3>{t("groups.members.title")}</h3>
      <Loaded of={list}>
        {({ items }) => (
          <ul class="rows">
            {items.map(({ id, name, email }) => (
              <li key={id}>
                <div>
                  {name} <span class="small faint">{email}</span>
                </div>
                <Action run={remove(id)} label={t("groups.member.remove.name", { name })}>
                  {t("groups.member.remove")}
                </Action>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <Form send={add} action={t("groups.member.add")} kind="" reset>
        <Field label={t("groups.member")} name="member" autocomplete="off" required />
      </Form>
    </>
  );
}
