"""Choosing a backend: launchpad, then environment, then the workload's default; in real runs."""

import dagster as dg
import pytest

from resources.backends.aer_settings import IdealAerSettings, NoisyAerSettings
from resources.backends.resource import BackendEntry, BackendResource

# Dagster itself calls its deprecated property when it opens a nested resource.
pytestmark = pytest.mark.filterwarnings("ignore:InitResourceContext.dagster_run:DeprecationWarning")

OFFERED = {"ideal": {"kind": "ideal_aer"}, "torino": {"kind": "noisy_aer", "device": "fake_torino"}}


def _run(config, backend=None):
    """Materialize an asset that reports what the resource chose."""
    seen = {}

    @dg.asset
    def chosen(backend: BackendResource) -> None:
        name = backend.choose("ideal")
        seen.update(name=name, settings=backend.known()[name], known=list(backend.known()))
        seen["explicit"] = backend.explicit()

    result = dg.materialize(
        [chosen],
        resources={"backend": backend or BackendResource(backends=OFFERED)},
        run_config={"resources": {"backend": {"config": config}}} if config is not None else None,
    )
    assert result.success
    return seen


def test_without_any_choice_the_workloads_default_is_taken():
    seen = _run(None)
    assert (seen["name"], seen["explicit"]) == ("ideal", None)
    assert seen["settings"] == IdealAerSettings()


def test_the_launchpad_selects_by_name_alone_and_the_environments_backends_stay():
    seen = _run({"name": "torino"})
    assert seen["settings"] == NoisyAerSettings(device="fake_torino")
    assert seen["known"] == ["ideal", "torino"]


def test_the_launchpad_adds_a_backend_and_selects_it():
    settings = {"settings": {"noisy_aer": {"device": "fake_fez", "max_shots": 5}}}
    seen = _run({"name": "fez", "backends": {"fez": settings}})
    assert seen["settings"] == NoisyAerSettings(device="fake_fez", max_shots=5)
    assert seen["known"] == ["fez", "ideal", "torino"]


def test_the_environment_variable_comes_before_the_default_and_after_the_launchpad(monkeypatch):
    monkeypatch.setenv("HQ_BACKEND", "torino")
    assert _run(None)["name"] == "torino"
    assert _run({"name": "ideal"})["name"] == "ideal"


def test_an_unknown_backend_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"did you mean torino.*ideal, torino"):
        _run({"name": "torinno"})


def test_an_unknown_device_in_the_launchpad_is_refused_with_near_matches():
    config = {"backends": {"x": {"settings": {"noisy_aer": {"device": "fake_torinno"}}}}}
    with pytest.raises(dg.DagsterError) as refused:
        _run(config)
    assert "did you mean fake_torino" in str(refused.value.__cause__)


def test_an_unknown_key_in_the_launchpad_is_refused():
    with pytest.raises(dg.DagsterInvalidConfigError, match="colour"):
        _run({"backends": {"x": {"settings": {"ideal_aer": {"colour": "blue"}}}}})


def test_settings_may_be_given_as_values_too():
    backend = BackendResource(backends={"a": BackendEntry(settings=IdealAerSettings(max_qubits=3))})
    assert _run({"name": "a"}, backend)["settings"].max_qubits == 3


@pytest.mark.parametrize("given", [{"kind": "ideal"}, {}])
def test_an_unknown_kind_is_refused_with_the_known_kinds(given):
    with pytest.raises(ValueError, match="ideal_aer, noisy_aer"):
        BackendResource(backends={"x": given})
