"""Signs people of a directory in with the published Open WebUI client, against a running Portico that has one.

    python directory.py http://127.0.0.1:8787

Expects the people of tests/directory. Prints a line for each fact and a closing count.
"""

import asyncio
import sys

import httpx
from owui_client.client import OpenWebUI
from owui_client.models import auths

passed = failed = 0


def fact(name, holds, seen=None):
    global passed, failed
    passed, failed = passed + bool(holds), failed + (not holds)
    print(f"ok    {name}" if holds else f"FAIL  {name}: {seen!r}")


async def main(url):
    client = OpenWebUI(api_url=f"{url}/api")
    jane = await client.auths.signin_ldap(auths.LdapForm(user="jane", password="jane-password"))
    fact("somebody of the directory signs in", (jane.name, jane.email) == ("Jane Doe", "jane@example.com"), jane)
    fact("and administrates, as the first one", jane.role == "admin", jane)
    session = await client.auths.get_session_user()
    fact("with a session", session.id == jane.id, session)
    server = await client.auths.get_ldap_server()
    fact("the directory's password is not shown", server.app_dn_password != "the directory's secret", server)
    fact("the pages are told", (await client.root.get_config())["features"]["enable_ldap"] is True)
    try:
        wrong = auths.LdapForm(user="jane", password="wrong")
        fact("a wrong password is refused", False, await OpenWebUI(api_url=f"{url}/api").auths.signin_ldap(wrong))
    except httpx.HTTPStatusError as error:
        fact("a wrong password is refused", error.response.status_code == 400, error)
    bob = OpenWebUI(api_url=f"{url}/api")
    signed_in = await bob.auths.signin_ldap(auths.LdapForm(user="bob", password="bob-password"))
    fact("somebody without an address has one of the deployment's", signed_in.email == "bob@example.org", signed_in)


asyncio.run(main(sys.argv[1].rstrip("/")))
print(f"{passed} passed, {failed} failed")
sys.exit(failed > 0)
