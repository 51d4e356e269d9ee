"""Rules for every test: state in a folder of its own, telemetry off, and in CI no unexplained skip."""

import os
import shutil

import pytest
from hypothesis import settings

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
os.environ.setdefault("OMP_NUM_THREADS", "1")

# In CI the examples of property tests are the same each time; at the desk they are new each time.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

ALLOWED_SKIPS = ("gpu", "hardware")


@pytest.fixture(autouse=True)
def _own_home(tmp_path_factory, monkeypatch):
    """Each test has its own HQ_HOME; choices of the person at the keyboard do not leak in."""
    monkeypatch.setenv("HQ_HOME", str(tmp_path_factory.mktemp("hq")))
    for name in ("HQ_BACKEND", "HQ_PROFILE", "HQ_ENVIRONMENT", "DAGSTER_HOME"):
        monkeypatch.delenv(name, raising=False)


def pytest_collection_modifyitems(items):
    """Skip browser tests by name and reason where no browser is installed."""
    if shutil.which("chromium") and shutil.which("chromedriver"):
        return
    reason = "no Chromium here: install the packages chromium and chromium-driver"
    for item in items:
        if "browser" in item.keywords:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """In CI a skip is a failure, unless the test needs a GPU or quantum hardware."""
    report = yield
    allowed = any(name in item.keywords for name in ALLOWED_SKIPS)
    if (
        report.skipped
        and os.environ.get("HQ_FAIL_ON_SKIP")
        and not allowed
        and not hasattr(report, "wasxfail")
    ):
        report.outcome = "failed"
        report.longrepr = f"skipped although CI allows no skip: {report.longrepr}"
    return report
