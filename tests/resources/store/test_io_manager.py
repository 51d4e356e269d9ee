"""The IO manager inside real Dagster instances: the run's version, else the latest."""

import subprocess
import sys

import dagster as dg
import pytest

from resources.home import HomeResource
from resources.store.artifact import Artifact, BlobEntry
from resources.store.artifacts import ArtifactStore
from resources.store.errors import StoreError
from resources.store.io_manager import ArtifactIOManager, materialized_version
from resources.store.resource import StoreResource


@pytest.fixture
def store(tmp_path):
    return ArtifactStore(tmp_path / "store")


# Dagster's own code reads the deprecated name when one resource holds another.
pytestmark = pytest.mark.filterwarnings(
    "ignore:InitResourceContext.dagster_run is deprecated:DeprecationWarning"
)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as instance:
        yield instance


def resources_for(tmp_path):
    home = HomeResource(folder=str(tmp_path))
    return {"io_manager": ArtifactIOManager(store=StoreResource(home=home))}


def artifact_of(store, stage, text):
    ref = store.put_blob(text.encode(), "json")
    return Artifact(
        workload="lab",
        stage=stage,
        schema_version="1.0",
        blobs={"text": BlobEntry(content_hash=ref[:64], ref=ref)},
    )


def text_of(store, artifact):
    return store.get_blob(artifact.blobs["text"].ref).decode()


def result(artifact):
    version = dg.DataVersion(artifact.data_version)
    return dg.MaterializeResult(value=artifact, data_version=version)


def make_assets(store, text, seen, between=None):
    """`source` holds a text, `decisions` reads it; `between` acts once the first is there."""

    @dg.asset(key=["lab", "source"])
    def source() -> dg.MaterializeResult:
        return result(store.commit(artifact_of(store, "source", text)))

    @dg.asset(key=["lab", "pause"], deps=[source])
    def pause() -> dg.MaterializeResult:
        if between is not None:
            between()
        return result(store.commit(artifact_of(store, "pause", text)))

    @dg.asset(
        key=["lab", "decisions"], ins={"source": dg.AssetIn(key=["lab", "source"])}, deps=[pause]
    )
    def decisions(source: Artifact) -> dg.MaterializeResult:
        seen.append(text_of(store, source))
        return result(store.commit(artifact_of(store, "decisions", text)))

    @dg.asset_check(asset=decisions, blocking=True)
    def read_again(decisions: Artifact) -> dg.AssetCheckResult:
        seen.append(f"checked {text_of(store, decisions)}")
        return dg.AssetCheckResult(passed=True)

    return [source, pause, decisions, read_again]


def report(instance, artifact):
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            ["lab", artifact.stage], tags={"dagster/data_version": artifact.data_version}
        )
    )


def test_an_input_is_the_version_of_the_same_run_even_if_a_newer_one_appears(
    store, instance, tmp_path
):
    newer = store.commit(artifact_of(store, "source", "newer"))
    seen = []
    assets = make_assets(store, "of this run", seen, between=lambda: report(instance, newer))
    done = dg.materialize(assets, instance=instance, resources=resources_for(tmp_path))
    assert done.success
    assert seen == ["of this run", "checked of this run"]
    key = dg.AssetKey(["lab", "source"])
    assert materialized_version(instance, key) == newer.data_version
    assert materialized_version(instance, key, done.run_id) != newer.data_version


def test_an_input_from_outside_the_run_is_the_latest(store, instance, tmp_path):
    for text in ("first", "second"):
        report(instance, store.commit(artifact_of(store, "source", text)))
    report(instance, store.commit(artifact_of(store, "pause", "p")))
    seen = []
    assets = make_assets(store, "x", seen)
    done = dg.materialize(
        assets,
        instance=instance,
        resources=resources_for(tmp_path),
        selection=[dg.AssetKey(["lab", "decisions"])],
    )
    assert done.success
    assert seen[0] == "second"


def test_an_input_that_was_never_materialized_says_what_to_run(store, instance, tmp_path):
    done = dg.materialize(
        make_assets(store, "x", []),
        instance=instance,
        resources=resources_for(tmp_path),
        selection=[dg.AssetKey(["lab", "decisions"])],
        raise_on_error=False,
    )
    (failure,) = done.get_step_failure_events()
    assert "lab/source was never materialized" in str(failure.event_specific_data)


def test_a_materialization_without_a_version_is_told(instance):
    instance.report_runless_asset_event(dg.AssetMaterialization(["lab", "source"]))
    with pytest.raises(StoreError, match="carries no data version"):
        materialized_version(instance, dg.AssetKey(["lab", "source"]))


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (lambda _: "a text", "returned a str"),
        (lambda store: artifact_of(store, "source", "x"), "has no version"),
        (lambda store: store.commit(artifact_of(store, "other", "x")), "artifact of lab/other"),
    ],
)
def test_an_asset_must_return_its_own_committed_artifact(
    store, instance, tmp_path, returned, message
):
    @dg.asset(key=["lab", "source"])
    def source():
        return returned(store)

    done = dg.materialize(
        [source], instance=instance, resources=resources_for(tmp_path), raise_on_error=False
    )
    (failure,) = done.get_step_failure_events()
    assert message in str(failure.event_specific_data)


def test_an_asset_key_of_another_shape_is_refused(store, instance, tmp_path):
    @dg.asset(key=["alone"])
    def alone():
        return artifact_of(store, "source", "x")

    done = dg.materialize(
        [alone], instance=instance, resources=resources_for(tmp_path), raise_on_error=False
    )
    (failure,) = done.get_step_failure_events()
    assert "does not name a workload's stage" in str(failure.event_specific_data)


def test_an_artifact_is_read_outside_a_run(store, instance, tmp_path):
    report(instance, store.commit(artifact_of(store, "source", "latest")))
    source = dg.AssetSpec(["lab", "source"])
    defs = dg.Definitions(assets=[source], resources=resources_for(tmp_path))
    artifact = defs.load_asset_value(dg.AssetKey(["lab", "source"]), instance=instance)
    assert text_of(store, artifact) == "latest"


def multiprocess_definitions(root):
    """A job of `source` and `decisions` that each run in their own process."""
    store = ArtifactStore(f"{root}/store")
    assets = make_assets(store, "of this run", [])
    return dg.Definitions(
        assets=[a for a in assets if isinstance(a, dg.AssetsDefinition)],
        jobs=[dg.define_asset_job("all_stages", executor_def=dg.multiprocess_executor)],
        resources=resources_for(root),
    )


PROGRAM = """
import importlib.util
import dagster as dg

spec = importlib.util.spec_from_file_location("assets_of_test", {test!r})
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)

def make_job():
    return module.multiprocess_definitions({root!r}).resolve_job_def("all_stages")

if __name__ == "__main__":
    import program
    with dg.instance_for_test(temp_dir={root!r}) as instance:
        with dg.execute_job(dg.reconstructable(program.make_job), instance=instance) as done:
            print("success", done.success)
"""


@pytest.mark.integration
def test_assets_in_processes_of_their_own_exchange_artifacts(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM.format(test=__file__, root=str(tmp_path)))
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert "success True" in done.stdout, done.stdout + done.stderr


def test_importing_the_io_manager_loads_nothing_heavy():
    code = (
        "import sys, resources.store.io_manager, resources.ledger.resource\n"
        "heavy = {'numpy', 'polars', 'sqlalchemy', 'duckdb', 'qiskit', 'great_expectations'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
