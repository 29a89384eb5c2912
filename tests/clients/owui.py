"""Drives the published Open WebUI client, unmodified, against a running Portico.

    python owui.py http://127.0.0.1:8787

Expects a deployment without users. Prints a line for each fact and a closing count.
"""

import asyncio
import sys

import httpx
from owui_client.client import OpenWebUI
from owui_client.models.auths import SigninForm, SignupForm

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


async def main(url):
    api = f"{url}/api"
    client = OpenWebUI(api_url=api)

    config = await client.root.get_config()
    fact("an empty deployment is onboarding", config.get("onboarding") is True, config)

    ada = await client.auths.signup(SignupForm(name="Ada", **ADA))
    fact("the first sign-up is administrator", ada.role == "admin", ada)
    fact("the address is canonical", ada.email == ADA["email"], ada)

    bob = OpenWebUI(api_url=api)
    form = SignupForm(name="Bob", email="bob@example.com", password="correct horse")
    fact("the second sign-up is refused: the first closed registration", *await refused(bob.auths.signup(form), 403))

    wrong = SigninForm(email=ADA["email"], password="wrong password")
    fact("a wrong password is refused", *await refused(OpenWebUI(api_url=api).auths.signin(wrong), 400))

    signed_in = await client.auths.signin(SigninForm(**ADA))
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


asyncio.run(main(sys.argv[1].rstrip("/")))
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
