"""argon2id in C, in one process: prints the seconds for that many hashes."""

import sys
import time

from argon2.low_level import Type, hash_secret_raw

times = int(sys.argv[1])
hash_secret_raw(b"password", b"saltsaltsaltsalt", 2, 19456, 1, 32, Type.ID)
start = time.perf_counter()
for _ in range(times):
    hash_secret_raw(b"password", b"saltsaltsaltsalt", 2, 19456, 1, 32, Type.ID)
print(time.perf_counter() - start)
