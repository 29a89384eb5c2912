import { client } from "../session";
import { t } from "../text";
import { Field, Form, type Values } from "../ui";
import type { AccountData } from "../account";

export function Profile({ profile }: { profile: AccountData["profile"] }) {
  const send = async ({ name = "", bio = "" }: Values) => {
    // What is not sent is taken away, so everything that is there goes along.
    const { profile_image_url, gender, date_of_birth } = profile;
    const body = { name, profile_image_url, bio: bio || null, gender, date_of_birth };
    await client.call("POST /api/v1/auths/update/profile", { body });
    return t("saved");
  };
  return (
    <section class="sheet" aria-labelledby="profile">
      <h2 id="profile">{t("profile.title")}</h2>
      <p class="faint">{profile.email}</p>
      <Form send={send} action={t("save")}>
        <Field label={t("name")} name="name" autocomplete="name" initial={profile.name} maxLength={100} required />
        <Field label={t("profile.bio")} name="bio" type="textarea" initial={profile.bio ?? ""} maxLength={2000} />
      </Form>
    </section>
  );
}
