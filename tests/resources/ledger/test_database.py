"""The ledger's database under processes that race, die, and meet a full disk."""

import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from resources.ledger.database import Database
from resources.ledger.errors import LedgerBusyError, LedgerError
from resources.ledger.jobs import JobLedger
from resources.ledger.schema import HEAD_REVISION, jobs_table

OPEN = """
import sys, os, time
from resources.ledger.errors import *
from resources.ledger.jobs import JobLedger
ledger = JobLedger(sys.argv[1])
def intend(key):
    return ledger.intend(idempotency_key=key, payload_fingerprint="f" * 64, workload="lab",
        backend="b", payload_ref="0.json")
"""


@pytest.fixture
def url(tmp_path):
    return f"sqlite:///{tmp_path / 'ledger.sqlite'}"


def start(code, *arguments):
    return subprocess.Popen(
        [sys.executable, "-c", OPEN + code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(processes):
    ended = [(process.communicate(timeout=60), process.returncode) for process in processes]
    for (_, errors), code in ended:
        assert code == 0, errors
    return [output for (output, _), _ in ended]


@pytest.mark.integration
def test_processes_that_migrate_at_once_make_one_schema(url):
    finish([start("ledger.migrate(); ledger.migrate()", url) for _ in range(4)])
    database = Database(url, 5)
    assert database.revision() == HEAD_REVISION
    assert JobLedger(url).jobs() == []


def test_the_code_needs_the_newest_revision_and_the_migrations_make_the_tables_it_uses(url):
    from alembic.config import Config
    from alembic.script import ScriptDirectory
    from sqlalchemy import inspect

    config = Config()
    config.set_main_option("script_location", "resources.ledger:migrations")
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD_REVISION
    database = Database(url, 5)
    database.migrate()
    table = jobs_table()
    with database.reading() as connection:
        columns = inspect(connection).get_columns("jobs")
        indexes = inspect(connection).get_indexes("jobs")
    assert [(c["name"], str(c["type"]), c["nullable"]) for c in columns] == [
        (c.name, str(c.type), bool(c.nullable)) for c in table.columns
    ]
    assert {i["name"] for i in indexes} == {i.name for i in table.indexes}


def test_a_ledger_of_newer_code_is_refused(url, tmp_path):
    JobLedger(url).migrate()
    with sqlite3.connect(tmp_path / "ledger.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'jobs_9999'")
    connection.close()
    with pytest.raises(LedgerError, match="Install the version that wrote it"):
        JobLedger(url).migrate()


def test_the_database_syncs_every_commit(url):
    database = Database(url, 5)
    with database.reading() as connection:
        settings = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout")
        ]
    assert settings == ["wal", 2, 0]


@pytest.mark.integration
def test_four_processes_that_race_for_one_key_make_one_row(url):
    JobLedger(url).migrate()
    code = """
for n in range(25):
    job = intend(f"key-{n}")
    try:
        ledger.advance(job.idempotency_key, 1, "submitted", provider_job_id=str(os.getpid()))
        print("won", n)
    except (StaleJob, IllegalTransition):
        pass
"""
    outputs = finish([start(code, url) for _ in range(4)])
    won = sorted(line for output in outputs for line in output.splitlines())
    assert won == sorted(f"won {n}" for n in range(25))
    jobs = JobLedger(url).jobs()
    assert len(jobs) == 25
    assert {(job.state, job.version) for job in jobs} == {("submitted", 2)}


@pytest.mark.integration
def test_a_kill_loses_nothing_that_was_acknowledged(url):
    JobLedger(url).migrate()
    code = """
n = 0
while True:
    job = intend(f"{os.getpid()}-{n}")
    print("intent", job.idempotency_key, flush=True)
    ledger.advance(job.idempotency_key, 1, "submitted")
    print("submitted", job.idempotency_key, flush=True)
    n += 1
"""
    acknowledged = {}
    for lines in (7, 20, 33):
        process = start(code, url)
        assert process.stdout is not None
        seen = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        seen += process.communicate(timeout=10)[0].splitlines(keepends=True)
        whole = [line.split() for line in seen if line.endswith("\n")]
        acknowledged.update({key: state for state, key in whole})
    jobs = {job.idempotency_key: job.state for job in JobLedger(url).jobs()}
    order = ["intent", "submitted"]
    assert len(acknowledged) >= 30
    for key, state in acknowledged.items():
        assert order.index(jobs[key]) >= order.index(state)


def test_a_ledger_that_stays_locked_is_told_after_the_deadline(url, tmp_path):
    JobLedger(url).migrate()
    other = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ledger = JobLedger(url, deadline_seconds=0.1)
    began = time.monotonic()
    with pytest.raises(LedgerBusyError, match=r"was locked for more than 0\.1 s"):
        ledger.advance("key", 1, "submitted")
    assert time.monotonic() - began < 5
    assert ledger.jobs() == []  # readers are not held up by a writer
    other.execute("ROLLBACK")
    other.close()


def test_a_full_disk_is_told_and_what_was_written_stays(url):
    code = """
import resource
ledger.migrate()
intend("first")
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
written = 0
try:
    while True:
        intend(f"key-{written}")
        written += 1
except LedgerError as error:
    print(written)
    print(error)
"""
    (output,) = finish([start(code, url)])
    written, message = output.splitlines()
    assert "free space" in message
    assert "nothing acknowledged is lost" in message
    jobs = {job.idempotency_key for job in JobLedger(url).jobs()}
    assert jobs == {"first", *(f"key-{n}" for n in range(int(written)))}


def test_a_file_system_without_space_is_told_and_what_was_written_stays(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        OPEN
        + """
ledger.migrate()
written = 0
try:
    while True:
        intend(f"key-{written}")
        written += 1
except LedgerError as error:
    print(error)
    print(written, len(ledger.jobs()))
"""
    )
    disk = tmp_path / "disk"
    disk.mkdir()
    run = f"{sys.executable} {script} sqlite:///{disk}/ledger.sqlite"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f"mount -t tmpfs -o size=256k disk {disk} && {run}"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "Operation not permitted" in done.stderr or "permission denied" in done.stderr:
        pytest.skip("mounting a small disk needs the right to mount")
    assert done.returncode == 0, done.stderr
    message, counts = done.stdout.splitlines()
    written, found = map(int, counts.split())
    assert "free space" in message
    assert written == found > 0


def test_a_database_without_a_place_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(LedgerError, match="writable place"):
        JobLedger(f"sqlite:///{tmp_path / 'file' / 'ledger.sqlite'}").migrate()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "duckdb:///x"])
def test_a_database_that_is_no_file_is_refused(url):
    with pytest.raises(LedgerError, match="Give the URL of a file"):
        JobLedger(url)


def test_the_right_to_a_key_is_exclusive_and_ends_with_its_holder(url, tmp_path):
    JobLedger(url).migrate()
    code = """
with ledger.hold("key"):
    print("held", flush=True)
    time.sleep(60)
"""
    holder = start(code, url)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    database = Database(url, 5)
    with pytest.raises(LedgerBusyError, match="Another process"), database.hold("key", 0.1):
        pass
    with database.hold("other key", 0.1):
        pass
    holder.kill()
    holder.communicate(timeout=10)
    with database.hold("key", 5):
        pass
    assert list((tmp_path / "ledger.sqlite.locks").iterdir()) == []


@pytest.mark.integration
def test_the_right_to_a_key_counts_exactly_under_contention(url, tmp_path):
    counter = tmp_path / "counter"
    counter.write_text("0")
    code = """
from pathlib import Path
for _ in range(30):
    with ledger.hold("key"):
        path = Path(sys.argv[2])
        number = int(path.read_text())
        time.sleep(0.001)
        path.write_text(str(number + 1))
"""
    finish([start(code, url, str(counter)) for _ in range(4)])
    assert counter.read_text() == "120"


def test_a_forked_child_opens_its_own_connection(url):
    ledger = JobLedger(url)
    ledger.migrate()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            code = len(ledger.jobs())
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert ledger.jobs() == []
