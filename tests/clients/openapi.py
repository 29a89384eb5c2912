"""Tries every route of a running Portico with forms that fit its OpenAPI document, and with forms that do not.

    python openapi.py http://127.0.0.1:8787

Expects the administrator that `owui.py` leaves behind. No answer may be a fault, have a status or a shape that the
document does not have, or be given to somebody whom the document keeps out.
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
    "ignored_auth",
]
# Settings may switch off what the other routes are tried with; signing out ends the session that tries them.
SETTINGS = r"^/api/v1/auths/admin/config$"
COVERAGE = ["--phases", "coverage", "--mode", "positive"]
ENDS = r"^/api/v1/auths/(admin/config|signout)$"


def run(title, url, admin, *arguments):
    """Whether schemathesis found nothing."""
    command = [Path(sys.executable).with_name("schemathesis"), "run", f"{url}/openapi.json"]
    command += ["--workers", "4", "--checks", ",".join(CHECKS)]
    command += ["--max-examples", "8", "--seed", "1", "--generation-database", "none", "--no-shrink"]
    command += ["--warnings", "off", "--suppress-health-check", "all", "--request-timeout", "20", *arguments]
    environment = {**os.environ, "NO_COLOR": "1"}
    if admin:
        environment |= {"SCHEMATHESIS_HOOKS": "openapi_hooks", "PYTHONPATH": str(Path(__file__).parent)}
        environment |= {"PORTICO_URL": url}
    with TemporaryDirectory() as directory:
        # It keeps what it learned where it runs.
        done = subprocess.run(command, env=environment, cwd=directory, capture_output=True, text=True, check=False)
    print(f"{'ok   ' if done.returncode == 0 else 'FAIL '} {title}")
    if done.returncode:
        print(done.stdout, done.stderr)
    return done.returncode == 0


url = sys.argv[1].rstrip("/")
with ThreadPoolExecutor() as both:
    # What is refused to strangers disturbs nobody.
    strangers = both.submit(run, "strangers", url, False, "--phases", "fuzzing")
    results = [
        run("an administrator's forms that fit", url, True, *COVERAGE, "--exclude-path-regex", ENDS),
        run("an administrator's other forms", url, True, "--phases", "fuzzing", "--exclude-path-regex", ENDS),
        run("settings", url, True, "--phases", "coverage,fuzzing", "--include-path-regex", SETTINGS),
        strangers.result(),
    ]
print(f"{results.count(True)} passed, {results.count(False)} failed")
sys.exit(not all(results))
