"""Bytes by their hash, on a folder and on an object store, through every way a write can end."""

import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

import pytest

from resources.store.artifacts import ArtifactStore
from resources.store.errors import CorruptArtifact, MissingEntry, StoreError

PAYLOAD = b"eight qubits" * 1000


@pytest.fixture(params=["folder", "object store"])
def store(request, tmp_path):
    if request.param == "folder":
        return ArtifactStore(tmp_path / "store")
    return ArtifactStore(f"memory://artifacts-{uuid.uuid4().hex}")


def files_of(root: Path) -> list[Path]:
    """Files that a reader could see: all but the folder of files being written."""
    return [p for p in root.rglob("*") if p.is_file() and "incoming" not in p.parts]


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_a_blob_is_named_by_its_hash_and_comes_back(store):
    ref = store.put_blob(PAYLOAD, "qpy")
    assert ref == f"{hashlib.sha256(PAYLOAD).hexdigest()}.qpy"
    assert store.get_blob(ref) == PAYLOAD
    assert store.has_blob(ref)
    assert store.blob_size(ref) == len(PAYLOAD)
    assert store.local_path(ref).read_bytes() == PAYLOAD
    assert f"/{ref[:2]}/{ref}" in str(store.blob_path(ref))


def test_a_file_is_hashed_as_written(store, tmp_path):
    source = tmp_path / "source.bin"
    source.write_bytes(os.urandom(3_000_001))
    ref = store.put_file(source, "csv")
    assert ref[:64] == hashlib.sha256(source.read_bytes()).hexdigest()
    assert store.get_blob(ref) == source.read_bytes()


def test_the_same_bytes_are_written_once(tmp_path):
    store = ArtifactStore(tmp_path)
    ref = store.put_blob(PAYLOAD, "qpy")
    before = store.local_path(ref).stat()
    assert store.put_blob(PAYLOAD, "qpy") == ref
    after = store.local_path(ref).stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_a_changed_blob_is_reported_with_its_name_and_path_and_mended_by_writing_again(store):
    ref = store.put_blob(PAYLOAD, "qpy")
    store.blob_path(ref).write_bytes(b"x" + PAYLOAD[1:])
    with pytest.raises(CorruptArtifact) as caught:
        store.get_blob(ref)
    assert ref in str(caught.value)
    assert str(store.blob_path(ref)) in str(caught.value)
    with pytest.raises(CorruptArtifact):
        store.verify_blob(ref)
    store.put_blob(PAYLOAD, "qpy")
    assert store.get_blob(ref) == PAYLOAD


def test_a_corrupt_object_is_not_handed_out_as_a_local_file():
    store = ArtifactStore(f"memory://artifacts-{uuid.uuid4().hex}")
    ref = store.put_blob(PAYLOAD, "qpy")
    store.blob_path(ref).write_bytes(b"other")
    with pytest.raises(CorruptArtifact):
        store.local_path(ref)


def test_an_absent_blob_is_a_missing_entry(store):
    ref = f"{'0' * 64}.qpy"
    assert not store.has_blob(ref)
    for read in (store.get_blob, store.local_path, store.verify_blob):
        with pytest.raises(MissingEntry, match=ref):
            read(ref)


@pytest.mark.parametrize("ref", ["../../etc/passwd", "abc.qpy", f"{'0' * 64}", f"{'0' * 64}.a/b"])
def test_what_is_no_reference_is_refused(store, ref):
    with pytest.raises(StoreError, match="not a blob reference"):
        store.get_blob(ref)


@pytest.mark.integration
def test_two_processes_that_write_the_same_bytes_at_once_are_harmless(tmp_path):
    code = (
        "import sys; from resources.store.artifacts import ArtifactStore\n"
        "store = ArtifactStore(sys.argv[1])\n"
        "for i in range(40): store.put_blob(b'%d' % i * 5000, 'bin')\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path)]) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    store = ArtifactStore(tmp_path)
    blobs = files_of(tmp_path)
    assert len(blobs) == 40
    for blob in blobs:
        store.get_blob(blob.name)
    assert list((tmp_path / "incoming").iterdir()) == []


@pytest.mark.integration
def test_a_reader_never_sees_half_a_blob(tmp_path):
    size = 20_000_000
    code = (
        "import sys; from resources.store.artifacts import ArtifactStore\n"
        "store = ArtifactStore(sys.argv[1])\n"
        "for i in range(4): store.put_blob(b'%d' % i * int(sys.argv[2]), 'bin')\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", code, str(tmp_path), str(size)])
    sizes = set()
    while writer.poll() is None:
        sizes.update(path.stat().st_size for path in files_of(tmp_path))
    assert writer.returncode == 0
    assert sizes == {size}


@pytest.mark.integration
def test_a_kill_at_any_moment_leaves_whole_blobs_only(tmp_path):
    code = (
        "import sys, os; from resources.store.artifacts import ArtifactStore\n"
        "store = ArtifactStore(sys.argv[1]); print('ready', flush=True)\n"
        "while True: store.put_blob(os.urandom(300_000), 'bin')\n"
    )
    for pause in (0.0, 0.013, 0.031, 0.057):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(pause)  # not luck: any moment must do
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        process.stdout.close()
    store = ArtifactStore(tmp_path)
    for blob in files_of(tmp_path):
        store.verify_blob(blob.name)


def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    code = (
        "import sys, resource; from resources.store.artifacts import ArtifactStore\n"
        "from resources.store.errors import StoreError\n"
        "store = ArtifactStore(sys.argv[1])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "for write in (lambda: store.put_blob(b'x' * 100_000, 'bin'),\n"
        "              lambda: store.put_file(sys.executable, 'bin'),\n"
        "              lambda: store.put_manifest({'k': 'x' * 100_000})):\n"
        "    try: write()\n"
        "    except StoreError as error: print(error)\n"
        "    else: print('written')\n"
    )
    done = run_python(code, str(tmp_path))
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 3
    assert all("File too large" in line and "free space" in line for line in lines)
    assert files_of(tmp_path) == []
    assert list((tmp_path / "incoming").iterdir()) == []


def test_a_file_system_without_space_is_told_and_leaves_nothing(tmp_path):
    code = (
        "import sys; from resources.store.artifacts import ArtifactStore\n"
        "from resources.store.errors import StoreError\n"
        "store = ArtifactStore(sys.argv[1])\n"
        "kept = store.put_blob(b'small', 'bin')\n"
        "try: store.put_blob(b'x' * 1_000_000, 'bin')\n"
        "except StoreError as error: print(error)\n"
        "import pathlib\n"
        "print([p.name for p in pathlib.Path(sys.argv[1]).rglob('*') if p.is_file()] == [kept])\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    root = tmp_path / "disk"
    root.mkdir()
    mounted = f"mount -t tmpfs -o size=256k disk {root} && {sys.executable} {script} {root}"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", mounted],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if "Operation not permitted" in done.stderr or "permission denied" in done.stderr:
        pytest.skip("mounting a small disk needs the right to mount")
    assert done.returncode == 0, done.stderr
    message, alone = done.stdout.splitlines()
    assert "No space left on device" in message
    assert alone == "True"


def test_a_place_below_a_file_is_told(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    store = ArtifactStore(tmp_path / "file" / "store")
    with pytest.raises(StoreError, match="writable place"):
        store.put_blob(PAYLOAD, "bin")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user without rights")
def test_a_read_only_folder_is_told_and_can_be_read():
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        ref = ArtifactStore(root).put_blob(PAYLOAD, "bin")
        for path in [root, *root.rglob("*")]:
            path.chmod(0o755 if path.is_dir() else 0o644)
        read, write = os.pipe()
        child = os.fork()
        if child == 0:
            answer = b"no error"
            try:
                os.setuid(65534)
                store = ArtifactStore(root)
                assert store.get_blob(ref) == PAYLOAD
                store.put_blob(b"other", "bin")
            except StoreError as error:
                answer = str(error).encode()
            except BaseException as error:  # noqa: BLE001 - a forked child must not return into pytest
                answer = repr(error).encode()
            os.write(write, answer)
            os._exit(0)
        os.waitpid(child, 0)
        answer = os.read(read, 4096).decode()
        os.close(read)
        os.close(write)
        assert "Permission denied" in answer
        assert "writable place" in answer
        assert [path.name for path in files_of(root)] == [ref]


def test_left_over_temporaries_are_ignored_and_swept_by_age(tmp_path):
    store = ArtifactStore(tmp_path)
    store.put_blob(PAYLOAD, "bin")
    old, new = tmp_path / "incoming" / "1-a.tmp", tmp_path / "incoming" / "1-b.tmp"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (1, 1))
    assert store.sweep_temporaries(older_than_seconds=3600) == 1
    assert not old.exists()
    assert new.exists()
    assert store.sweep_temporaries(older_than_seconds=0) == 1


def test_threads_share_one_store(tmp_path):
    store = ArtifactStore(tmp_path)
    threads = [threading.Thread(target=store.put_blob, args=(PAYLOAD, "bin")) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(files_of(tmp_path)) == 1


@pytest.mark.integration
def test_a_large_file_is_stored_in_bounded_memory(tmp_path):
    source = tmp_path / "source.bin"
    with source.open("wb") as stream:
        stream.truncate(200_000_000)
    code = (
        "import sys, resource; from resources.store.artifacts import ArtifactStore\n"
        "store = ArtifactStore(sys.argv[1])\n"
        "store.put_blob(b'warm', 'bin')\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "store.put_file(sys.argv[2], 'bin')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = run_python(code, str(tmp_path / "store"), str(source))
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) * 1024 < 20_000_000
