"""A ledger, a store and a provider in one folder, shared with the processes that a test starts."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from resources.ledger.jobs import JobLedger
from resources.store.artifacts import ArtifactStore

PROGRAM = Path(__file__).with_name("folder_backend.py")


def load_program():
    """The provider's module; test folders are no packages, so it is loaded by its path."""
    spec = importlib.util.spec_from_file_location("folder_backend", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def folder_backend():
    return load_program()


@pytest.fixture
def request_of_test(folder_backend):
    return folder_backend.REQUEST


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "store")


@pytest.fixture
def ledger(tmp_path):
    ledger = JobLedger(f"sqlite:///{tmp_path / 'ledger.sqlite'}")
    ledger.migrate()
    return ledger


@pytest.fixture
def backend(folder_backend, tmp_path, store):
    return folder_backend.FolderBackend(tmp_path, store)


@pytest.fixture
def payload_ref(store, request_of_test):
    return store.put_blob(request_of_test.model_dump_json().encode(), "json")


@pytest.fixture
def in_process(tmp_path, ledger):
    """Run a verb in a process of its own that dies at a step; returns status and output."""

    def start(verb, step="never"):
        command = [sys.executable, str(PROGRAM), verb, str(tmp_path), step]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(verb, step="never"):
        process = start(verb, step)
        output, errors = process.communicate(timeout=60)
        assert process.returncode in {0, -9}, errors
        return process.returncode, output

    run.start = start
    return run
