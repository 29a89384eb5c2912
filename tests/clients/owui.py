"""Drives the published Open WebUI client, unmodified, against a running Portico.

    python owui.py http://127.0.0.1:8787

Expects a deployment without users. Prints a line for each fact and a closing count.
"""

import asyncio
import sys

import httpx
from owui_client.client import OpenWebUI
from owui_client.models import auths, groups, users

ADA = {"email": "ada@example.com", "password": "correct horse"}
passed = failed = 0


def fact(name, holds, seen=None):
    global passed, failed
    if holds:
        passed += 1
        print(f"ok    {name}")
    else:
        failed += 1
        print(f"FAIL  {name}: {seen!r}")


async def refused(call, status):
    """The client raises on every refusal; gives the status it carries."""
    try:
        await call
    except httpx.HTTPStatusError as error:
        return error.response.status_code == status, f"{error.response.status_code} {error}"
    return False, "no refusal"


async def signing_in(url):
    """An administrator's token."""
    api = f"{url}/api"
    client = OpenWebUI(api_url=api)

    config = await client.root.get_config()
    fact("an empty deployment is onboarding", config.get("onboarding") is True, config)

    ada = await client.auths.signup(auths.SignupForm(name="Ada", **ADA))
    fact("the first sign-up is administrator", ada.role == "admin", ada)
    fact("the address is canonical", ada.email == ADA["email"], ada)

    bob = OpenWebUI(api_url=api)
    form = auths.SignupForm(name="Bob", email="bob@example.com", password="correct horse")
    fact("the second sign-up is refused: the first closed registration", *await refused(bob.auths.signup(form), 403))

    wrong = auths.SigninForm(email=ADA["email"], password="wrong password")
    fact("a wrong password is refused", *await refused(OpenWebUI(api_url=api).auths.signin(wrong), 400))

    signed_in = await client.auths.signin(auths.SigninForm(**ADA))
    fact("the right password signs in", signed_in.token_type == "Bearer" and signed_in.id == ada.id, signed_in)

    session = await client.auths.get_session_user()
    fact("the session is the account's", session.id == ada.id and session.token == signed_in.token, session)
    fact("the session has permissions", session.permissions is not None, session)

    signed_out = await client.auths.sign_out()
    fact("signing out succeeds", signed_out.status is True, signed_out)

    stale = OpenWebUI(api_url=api, api_key=signed_in.token)
    fact("the signed-out token is refused", *await refused(stale.auths.get_session_user(), 401))

    first = OpenWebUI(api_url=api, api_key=ada.token)
    fact("the other session lives on", (await first.auths.get_session_user()).id == ada.id)
    return ada


async def own_account(api, token):
    client = OpenWebUI(api_url=api, api_key=token)
    # This version of the client cannot send a day of birth: it does not write dates as JSON.
    form = users.UpdateProfileForm(profile_image_url="/user.png", name="Ada Lovelace", bio="First", gender="female")
    profile = await client.auths.update_profile(form)
    fact("a profile is changed", profile.name == "Ada Lovelace", profile)
    session = await client.auths.get_session_user()
    fact("and shown", (session.bio, session.gender) == ("First", "female"), session)
    await client.auths.update_profile(users.UpdateProfileForm(profile_image_url="/user.png", name="Ada"))
    fact("what a profile omits is cleared", (await client.auths.get_session_user()).bio is None)

    zone = auths.UpdateTimezoneForm(timezone="Europe/Berlin")
    fact("a time zone is changed", await client.auths.update_timezone(zone))

    fact("there is no API key", *await refused(client.auths.get_api_key(), 404))
    created = (await client.auths.generate_api_key()).api_key
    fact("a key is made", created.startswith("sk-"), created)
    fact("and shown again", (await client.auths.get_api_key()).api_key == created)
    script = OpenWebUI(api_url=api, api_key=created)
    fact("a script may use it", (await script.auths.get_session_user()).email == ADA["email"])
    fact("it cannot show itself", *await refused(script.auths.get_api_key(), 403))
    fact("it is deleted", await client.auths.delete_api_key())
    fact("and refused then", *await refused(script.auths.get_session_user(), 401))

    details = await client.auths.get_admin_details()
    fact("people may ask whom to ask", details.email == ADA["email"], details)

    settings = await client.users.update_user_settings(users.UserSettings(ui={"theme": "dark"}))
    fact("settings are kept", settings.ui == {"theme": "dark"}, settings)
    fact("and read", (await client.users.get_user_settings()).ui == {"theme": "dark"})
    fact("there is no information yet", not await client.users.get_user_info())
    info = await client.users.update_user_info({"location": "London"})
    fact("information is kept", info == {"location": "London"}, info)
    fact("and read", await client.users.get_user_info() == info)
    kept = await client.users.update_user_variables({"city": "London"})
    fact("variables are kept", kept.variables == {"city": "London"}, kept)
    fact("and read", (await client.users.get_user_variables()).variables == kept.variables)
    status = users.UserStatus(status_emoji="tea", status_message="Back at five")
    fact("a status is shown", (await client.users.update_user_status(status)).status_message == "Back at five")
    fact("and read", (await client.users.get_user_status()).status_emoji == "tea")
    usage = await client.users.get_user_usage(days=7)
    fact("nobody chats here", usage.totals.total_chats == 0 and usage.period.days >= 7, usage)
    permissions = await client.users.get_user_permissions()
    fact("permissions are a tree", permissions["workspace"]["models"] in (True, False), permissions)


async def administration(api, token):
    client = OpenWebUI(api_url=api, api_key=token)
    config = await client.auths.get_admin_config()
    config.WEBUI_URL = "https://chat.example.com"
    config.JWT_EXPIRES_IN = "12h"
    config.ENABLE_API_KEYS = True
    written = await client.auths.update_admin_config(config)
    fact("the configuration is written", written.JWT_EXPIRES_IN == "12h", written)
    fact("and read", await client.auths.get_admin_config() == written)
    config.JWT_EXPIRES_IN = "soon"
    fact("a bad length of time is refused", *await refused(client.auths.update_admin_config(config), 400))

    fact("the directory is off", (await client.auths.get_ldap_config()).ENABLE_LDAP is False)
    off = auths.LdapForm(user="ada", password="correct horse")
    fact("so is its sign-in", *await refused(OpenWebUI(api_url=api).auths.signin_ldap(off), 400))
    server = await client.auths.update_ldap_server(
        auths.LdapServerConfig(
            label="Directory",
            host="ldap.example.com",
            port=636,
            app_dn="cn=portico,dc=example,dc=com",
            app_dn_password="of the directory",
            search_base="dc=example,dc=com",
        )
    )
    fact("a directory is configured", server.host == "ldap.example.com", server)
    fact("its password is not shown", server.app_dn_password != "of the directory", server)
    fact("and read", await client.auths.get_ldap_server() == server)
    fact("what was read can be written", await client.auths.update_ldap_server(server) == server)
    switched = await client.auths.update_ldap_config(auths.LdapConfigForm(enable_ldap=False))
    fact("the directory stays off", switched.ENABLE_LDAP is False)

    oauth = await client.auths.get_oauth_config()
    fact("providers have settings", oauth.OAUTH_EMAIL_CLAIM == "email", oauth)
    updated = await client.auths.update_oauth_config(auths.OAuthConfigForm(OAUTH_PROVIDER_NAME="Company"))
    fact("a setting at a time may be written", updated.OAUTH_EMAIL_CLAIM == "email", updated)
    form = auths.TokenExchangeForm(token="of a provider")
    fact("tokens are not exchanged", *await refused(OpenWebUI(api_url=api).auths.token_exchange("google", form), 403))
    fact("there is no provider session", *await refused(client.auths.delete_oauth_session("google"), 404))


async def other_people(api, token, ada):
    client = OpenWebUI(api_url=api, api_key=token)
    form = auths.AddUserForm(name="Bob", email="bob@example.com", password="correct horse", role="user")
    bob = await client.auths.add_user(form)
    fact("an account is added", bob.role == "user" and bob.token, bob)
    his = OpenWebUI(api_url=api, api_key=bob.token)
    fact("its token is its own", (await his.auths.get_session_user()).id == bob.id)
    change = auths.UpdatePasswordForm(password="correct horse", new_password="battery staple")
    fact("a password is changed", await his.auths.update_password(change))
    entered = await his.auths.signin(auths.SigninForm(email=bob.email, password="battery staple"))
    fact("the new one signs in", entered.id == bob.id, entered)

    listed = await client.users.get_users(query="bob", order_by="name", direction="asc", page=1)
    fact("one of two is found", (listed.total, listed.users[0].id) == (1, bob.id), listed)
    fact("both are listed", (await client.users.get_all_users()).total == 2)
    fact("people find each other", [user.name for user in (await his.users.search_users("ad")).users] == ["Ada"])
    fact("lists are for administrators", *await refused(his.users.get_users(), 401))
    seen = await client.users.get_user_by_id(bob.id)
    fact("an account is read", seen.name == "Bob", seen)
    active = await his.users.get_user_active_status_by_id(ada.id)
    fact("who is active is told", active["active"] in (True, False), active)
    fact("an image is sent", len(await his.users.get_user_profile_image_by_id(ada.id)) > 0)
    fact("no provider knows him", *await refused(client.users.get_user_oauth_sessions_by_id(bob.id), 400))
    preview = await client.users.get_user_preview_by_id(bob.id)
    fact("what he may see is nothing", preview.models.total == 0 and preview.user.id == bob.id, preview)

    await in_groups(client, his, ada, bob)

    update = users.UserUpdateForm(role="user", name="Robert", email="robert@example.com", profile_image_url="/user.png")
    changed = await client.users.update_user_by_id(bob.id, update)
    fact("an account is changed", (changed.name, changed.email) == ("Robert", "robert@example.com"), changed)

    defaults = await client.users.get_default_user_permissions()
    fact("permissions have defaults", defaults == await client.users.get_default_user_permission_defaults())
    defaults.features.api_keys = True
    written = await client.users.update_default_user_permissions(defaults)
    fact("which are written", written.features.api_keys is True, written)
    fact("and hold at once", (await his.users.get_user_permissions())["features"]["api_keys"] is True)

    fact("the account is deleted", await client.users.delete_user_by_id(bob.id))
    fact("and its session with it", *await refused(his.auths.get_session_user(), 401))
    fact("the administrator stays", *await refused(client.users.delete_user_by_id(ada.id), 403))


async def in_groups(client, his, ada, bob):
    red = await client.groups.create_new_group(groups.GroupForm(name="Red", description="Of all reds"))
    fact("a group is made", (red.name, red.user_id, red.member_count) == ("Red", ada.id, 0), red)
    members = groups.UserIdsForm(user_ids=[bob.id])
    fact("people are added", (await client.groups.add_user_to_group(red.id, members)).member_count == 1)
    fact("he is in it", [group.id for group in await his.users.get_user_groups()] == [red.id])
    fact("as others see", [group.id for group in await client.users.get_user_groups_by_id(bob.id)] == [red.id])
    fact("its members are listed", [user.id for user in await client.groups.get_users_in_group(red.id)] == [bob.id])
    fact("and exported", (await client.groups.export_group_by_id(red.id)).user_ids == [bob.id])
    fact("members see their groups", [group.id for group in await his.groups.get_groups()] == [red.id])
    fact("and some of each", (await his.groups.get_group_info_by_id(red.id)).name == "Red")
    fact("not all", *await refused(his.groups.get_group_by_id(red.id), 401))
    form = groups.GroupUpdateForm(name="Crimson", description="", permissions={"features": {"api_keys": True}})
    updated = await client.groups.update_group_by_id(red.id, form)
    fact("a group is changed", updated.name == "Crimson", updated)
    fact("and read", (await client.groups.get_group_by_id(red.id)).permissions == updated.permissions)
    fact("what it permits holds", (await his.users.get_user_permissions())["features"]["api_keys"] is True)
    preview = await client.groups.get_group_preview_by_id(red.id)
    fact("a preview names it", preview.group.name == "Crimson", preview)
    fact("people are removed", (await client.groups.remove_users_from_group(red.id, members)).member_count == 0)
    fact("a group is deleted", await client.groups.delete_group_by_id(red.id))
    fact("no group is left", await client.groups.get_groups() == [])


async def main(url):
    api = f"{url}/api"
    ada = await signing_in(url)
    await administration(api, ada.token)
    await own_account(api, ada.token)
    await other_people(api, ada.token, ada)


asyncio.run(main(sys.argv[1].rstrip("/")))
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
