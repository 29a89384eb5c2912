"""Signs schemathesis in as the administrator that `owui.py` leaves behind."""

import os

import httpx
import schemathesis

FORM = {"email": "ada@example.com", "password": "correct horse"}


@schemathesis.auth(refresh_interval=None)
class Administrator:
    def get(self, case, context):
        answer = httpx.post(f"{os.environ['PORTICO_URL']}/api/v1/auths/signin", json=FORM)
        answer.raise_for_status()
        return answer.json()["token"]

    def set(self, case, token, context):
        case.headers = case.headers or {}
        case.headers["Authorization"] = f"Bearer {token}"
