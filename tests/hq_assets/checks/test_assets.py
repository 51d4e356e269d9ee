"""Bad rows stop the chain in the same run, in a real Dagster graph on a real store."""

import io

import dagster as dg
import polars as pl
import pytest

from hq_assets.checks import assets as checks
from hq_assets.checks.facts import CheckFacts
from hq_assets.stages import standing
from resources.home import HomeResource
from resources.store.artifact import Artifact, TableEntry
from resources.store.io_manager import ArtifactIOManager
from resources.store.resource import StoreResource

# Dagster's own code reads the deprecated name when one resource holds another.
pytestmark = pytest.mark.filterwarnings(
    "ignore:InitResourceContext.dagster_run is deprecated:DeprecationWarning"
)
WORKLOAD = "planted"
CLEANED = dg.AssetKey([WORKLOAD, "cleaned_features"])
FACTS = CheckFacts(value_columns=("size",), label_column="label", label_values=("B", "M"))


def _rows(**planted):
    columns = {
        "record_id": [f"r{k}" for k in range(20)],
        "seed": [0] * 20,
        "split": ["train"] * 10 + ["test"] * 10,
        "size": [float(k % 5) for k in range(20)],
        "label": ["B", "M"] * 10,
        "status": ["ok"] * 20,
        "reason": [None] * 20,
        "schema_version": ["1.0"] * 20,
    }
    return pl.DataFrame({**columns, **planted}, schema_overrides={"reason": pl.String})


def _source_rows():
    digest = "a" * 64
    row = {"path": "x.csv", "content_hash": digest, "size": 9, "ref": f"{digest}.csv"}
    return pl.DataFrame([{**row, "schema_version": "1.0"}])


def _commit(context, stage, frame, pins):
    store = context.resources.store.open()
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    ref = store.put_blob(buffer.getvalue(), "parquet")
    entry = TableEntry(content_hash=ref[:64], ref=ref, rows=frame.height, columns={})
    made = Artifact(workload=WORKLOAD, stage=stage, schema_version="1.0", tables={"rows": entry})
    store.commit(made)
    manifest = store.put_manifest({"inputs": pins})
    return dg.MaterializeResult(
        value=made, data_version=dg.DataVersion(made.data_version), metadata={"manifest": manifest}
    )


def _definitions(folder, frame, pins=None):
    keys = {"required_resource_keys": {"store"}}

    @dg.asset(key=[WORKLOAD, "source"], **keys)
    def source(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        return _commit(context, "source", _source_rows(), {})

    @dg.asset(key=CLEANED, ins={"source": dg.AssetIn([WORKLOAD, "source"])}, **keys)
    def cleaned(context: dg.AssetExecutionContext, source: Artifact) -> dg.MaterializeResult:
        seen = {f"{WORKLOAD}/source": source.data_version} if pins is None else pins
        return _commit(context, "cleaned_features", frame, seen)

    @dg.asset(key=[WORKLOAD, "below"], deps=[CLEANED])
    def below() -> None:
        pass

    home = HomeResource(folder=str(folder))
    store = StoreResource(home=home)
    return dg.Definitions(
        assets=[source, cleaned, below],
        asset_checks=[
            *checks.build_checks(WORKLOAD, "source", ()),
            *checks.build_checks(WORKLOAD, "cleaned_features", ("source",), FACTS),
        ],
        resources={"store": store, "io_manager": ArtifactIOManager(store=store)},
    )


def _run(folder, instance, frame, pins=None):
    job = _definitions(folder, frame, pins).resolve_implicit_global_asset_job_def()
    return job.execute_in_process(instance=instance, raise_on_error=False)


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as made:
        yield made


def _below_ran(result):
    return any(
        event.is_step_success and event.step_key == f"{WORKLOAD}__below"
        for event in result.all_events
    )


def _evaluations(result):
    found = result.get_asset_check_evaluations()
    return {entry.check_name: entry for entry in found if entry.asset_key == CLEANED}


def test_good_rows_pass_every_check_and_the_chain_goes_on(tmp_path, instance):
    result = _run(tmp_path, instance, _rows())
    verdicts = _evaluations(result)
    assert result.success
    assert _below_ran(result)
    assert set(verdicts) == {"expectations", "statistics", "pinned_inputs"}
    assert all(verdict.passed for verdict in verdicts.values())
    assert verdicts["expectations"].metadata["rows"].value == 20
    assert verdicts["statistics"].metadata["smallest_class_share"].value == 0.5
    assert standing.last_blocking_failure(instance, CLEANED) is None


def test_a_bad_row_stops_the_chain_in_the_same_run_and_is_named(tmp_path, instance):
    frame = _rows(size=[float("nan") if k == 7 else 1.0 for k in range(20)])
    result = _run(tmp_path, instance, frame)
    verdict = _evaluations(result)["expectations"]
    assert not result.success
    assert not _below_ran(result)
    assert not verdict.passed
    assert "record_id=r7, seed=0, size=nan" in verdict.description
    assert "record_id=r7" in verdict.metadata["failures"].value
    assert "r7" in str(standing.last_blocking_failure(instance, CLEANED))


def test_one_class_only_stops_the_chain_by_the_statistics(tmp_path, instance):
    frame = _rows(label=["B"] * 10 + ["B", "M"] * 5)
    verdicts = _evaluations(_run(tmp_path, instance, frame))
    assert not verdicts["statistics"].passed
    assert (
        "1 of 2 classes among 10 training rows" in verdicts["statistics"].metadata["failures"].value
    )


def test_a_missing_column_is_a_verdict_and_not_a_crash(tmp_path, instance):
    result = _run(tmp_path, instance, _rows().drop("split"))
    verdicts = _evaluations(result)
    assert not _below_ran(result)
    assert not verdicts["expectations"].passed
    assert "split: missing" in verdicts["statistics"].description
    assert verdicts["pinned_inputs"].passed


def test_a_manifest_that_names_another_input_stops_the_chain(tmp_path, instance):
    result = _run(tmp_path, instance, _rows(), {f"{WORKLOAD}/source": "0" * 64})
    verdicts = _evaluations(result)
    assert verdicts["expectations"].passed
    assert not verdicts["pinned_inputs"].passed
    assert "versions differ" in verdicts["pinned_inputs"].metadata["failures"].value
    assert not _below_ran(result)


def test_a_warning_is_shown_and_stops_nothing(tmp_path, instance):
    train, test = [float(k) for k in range(10)], [float(k) + 100 for k in range(10)]
    result = _run(tmp_path, instance, _rows(size=train + test))
    verdict = _evaluations(result)["statistics"]
    assert result.success
    assert _below_ran(result)
    assert not verdict.passed
    assert verdict.severity == dg.AssetCheckSeverity.WARN
    assert verdict.metadata["largest_ks_may_drift"].value == 1.0


def test_every_stage_has_checks_whose_names_the_stages_know():
    for stage in checks.NEEDS:
        upstream = () if stage in {"source", "target"} else ("profile",)
        (definition,) = checks.build_checks(WORKLOAD, stage, upstream)
        names = {key.name for key in definition.check_keys}
        assert names <= set(standing.BLOCKING_CHECKS)
        assert all(spec.blocking for spec in definition.check_specs)


def test_building_the_checks_imports_nothing_heavy():
    import subprocess
    import sys

    code = (
        "import sys\n"
        "from hq_assets.checks.assets import NEEDS, build_checks\n"
        "[build_checks('w', stage, ('profile',)) for stage in NEEDS]\n"
        "heavy = {'numpy', 'polars', 'pandas', 'scipy', 'great_expectations', 'duckdb', 'qiskit'}\n"
        "print(sorted(heavy & set(sys.modules)))\n"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"
