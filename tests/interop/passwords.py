"""Verifies our hashes, and makes those that deployments bring along: Open WebUI's argon2 and bcrypt, PBKDF2."""

import base64
import hashlib
import json
import sys

import argon2
import bcrypt

question = json.load(sys.stdin)
verifier = argon2.PasswordHasher()
verified = sum(verifier.verify(each["hash"], each["password"]) for each in question["ours"])

theirs = []
for each in question["ours"]:
    password = each["password"]
    data = password.encode()
    salt = b"saltsaltsaltsalt"
    unpadded = lambda raw: base64.b64encode(raw).decode().rstrip("=")
    pbkdf2 = hashlib.pbkdf2_hmac("sha256", data, salt, 1000)
    for made in [
        argon2.PasswordHasher(time_cost=3, memory_cost=65536, parallelism=4).hash(password),
        argon2.PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(password),
        bcrypt.hashpw(data, bcrypt.gensalt(5, prefix=b"2b")).decode(),
        bcrypt.hashpw(data, bcrypt.gensalt(5, prefix=b"2a")).decode(),
        f"$pbkdf2-sha256$i=1000,l=32${unpadded(salt)}${unpadded(pbkdf2)}",
    ]:
        theirs.append({"password": password, "hash": made})

json.dump({"verified": verified, "theirs": theirs}, sys.stdout)
