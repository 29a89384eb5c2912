import { useState } from "preact/hooks";
import { client, isRefusal } from "../session";
import { t } from "../text";
import { Action, Copied } from "../ui";

/** The key for programs: shown when somebody asks for it. */
export function ApiKey() {
  const [key, setKey] = useState<string | null>();
  const show = async () => {
    try {
      setKey((await client.call("GET /api/v1/auths/api_key")).api_key);
    } catch (error) {
      if (!isRefusal(error, 404)) throw error;
      setKey(null);
    }
  };
  const create = async () => setKey((await client.call("POST /api/v1/auths/api_key")).api_key);
  const drop = async () => {
    await client.call("DELETE /api/v1/auths/api_key");
    setKey(null);
  };
  return (
    <section class="sheet" aria-labelledby="key">
      <h2 id="key">{t("key.title")}</h2>
      <p class="faint">{t("key.text")}</p>
      {key === null && <p role="status">{t("key.none")}</p>}
      {key && <Copied text={key} />}
      <div class="actions">
        {!key && <Action run={show}>{t("key.show")}</Action>}
        {key !== undefined && (
          <Action run={create} {...(key && { confirm: t("key.replace.text") })}>
            {t(key ? "key.replace" : "key.create")}
          </Action>
        )}
        {key && (
          <Action run={drop} kind="danger" confirm={t("key.drop.text")}>
            {t("key.drop")}
          </Action>
        )}
      </div>
    </section>
  );
}
