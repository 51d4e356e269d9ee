"""The real page of the real webserver in headless Chromium: look at the graph, materialize, read the verdicts."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hq_assets.stages.spec import STAGES
from resources.home import project_root

pytestmark = [pytest.mark.integration, pytest.mark.browser]

WORKLOAD = "foreign_circuits"
LOCATION = "hybrid_quantum"
START_SECONDS, RUN_SECONDS, PAGE_SECONDS = 120, 240, 45
CHROMIUM = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1600,2400",
)


def eventually(what: str, seconds: float, look: Callable[[], Any]) -> Any:
    """What `look` finds, asked again until it finds something or the deadline passes."""
    deadline = time.monotonic() + seconds
    while (found := look()) is None:
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not come about within {seconds} s")
        time.sleep(0.3)
    return found


@dataclass(frozen=True)
class Server:
    """The running UI."""

    url: str

    def ask(self, query: str) -> dict[str, Any]:
        """Data of a GraphQL query."""
        body = json.dumps({"query": query}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/graphql", body, headers)  # noqa: S310 - own server
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - own server
            return json.load(answer)["data"]

    def assets(self) -> dict[str, Any] | None:
        """The workload's repository once the code location is loaded."""
        query = "{ repositoriesOrError { ... on RepositoryConnection { nodes { location { name } } } } }"
        try:
            nodes = self.ask(query)["repositoriesOrError"]["nodes"]
        except (urllib.error.URLError, ConnectionError, TimeoutError, KeyError):
            return None
        return next((node for node in nodes if node["location"]["name"] == LOCATION), None)

    def ended_run(self) -> str | None:
        """Status of the only run, once it has ended."""
        results = self.ask("{ runsOrError { ... on Runs { results { status } } } }")
        runs = results["runsOrError"]["results"]
        ended = [
            run["status"] for run in runs if run["status"] in ("SUCCESS", "FAILURE", "CANCELED")
        ]
        return ended[0] if ended else None


@pytest.fixture
def server(tmp_path) -> Iterator[Server]:
    """The UI with the daemon, as `hq dev` starts it, on a free port with a state of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "server.log"
    command = [Path(sys.executable).with_name("hq"), "dev", "--port", str(port)]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, cwd=project_root(), stdout=sink, stderr=sink, start_new_session=True
        )
    try:
        running = Server(f"http://127.0.0.1:{port}")

        def loaded() -> dict[str, Any] | None:
            if process.poll() is not None:
                pytest.fail(f"the server ended:\n{log.read_text()[-3000:]}")
            return running.assets()

        eventually("the code location", START_SECONDS, loaded)
        yield running
    finally:
        end_group(process)


def end_group(process: subprocess.Popen) -> None:
    """End a process and all that it started: asked first, then killed."""
    for sign, patience in ((signal.SIGINT, 20), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, sign)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


@pytest.fixture
def browser(tmp_path) -> Iterator[Any]:
    """Headless Chromium with an empty profile."""
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    for flag in (*CHROMIUM, f"--user-data-dir={tmp_path / 'chromium'}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    try:
        yield driver
    finally:
        driver.quit()


@dataclass(frozen=True)
class Page:
    """What a person can see and do."""

    driver: Any

    def text(self) -> str:
        """All visible text."""
        return self.driver.find_element("tag name", "body").text

    def lines(self) -> list[str]:
        """Visible text line by line."""
        return self.text().splitlines()

    def show(self, *words: str) -> None:
        """Wait until every word stands on a line of its own."""
        eventually(
            f"a page with {words}",
            PAGE_SECONDS,
            lambda: True if set(words) <= set(self.lines()) else None,
        )

    def click(self, label: str) -> None:
        """Press the button with that label as soon as it is enabled."""

        def button() -> Any:
            found = self.driver.find_elements(
                "xpath", f"//button[normalize-space(.)='{label}' and not(@disabled)]"
            )
            return found[0] if found else None

        eventually(f"a button {label}", PAGE_SECONDS, button).click()

    def verdicts(self) -> dict[str, str]:
        """Check → verdict, as the list of an asset's checks shows them."""
        from hq_assets.stages.standing import BLOCKING_CHECKS

        lines = self.lines()
        return {
            name: lines[lines.index(name) + 1] for name in BLOCKING_CHECKS if name in lines[:-1]
        }

    def metadata(self) -> dict[str, str]:
        """Key → value of the metadata table; the rows of tables inside it are left out."""
        tables = "//table[contains(., 'Timestamp')][not(ancestor::table)]"
        rows = self.driver.find_elements("xpath", f"{tables}/*/tr[td]")
        cells = [row.find_elements("xpath", "./td") for row in rows]
        return {cell[0].text: cell[-1].text for cell in cells if len(cell) > 1}


def test_a_person_sees_the_graph_materializes_a_workload_and_reads_green_checks(server, browser):
    page = Page(browser)

    browser.get(f"{server.url}/locations/{LOCATION}/asset-groups/{WORKLOAD}")
    page.show(WORKLOAD, *STAGES)
    page.click("Materialize all")

    assert eventually("the end of the run", RUN_SECONDS, server.ended_run) == "SUCCESS"

    browser.get(f"{server.url}/assets/{WORKLOAD}/decisions?view=checks")
    page.show("expectations", "statistics", "pinned_inputs", "Passed")
    assert page.verdicts() == dict.fromkeys(
        ("expectations", "statistics", "pinned_inputs"), "Succeeded"
    )

    browser.get(f"{server.url}/assets/{WORKLOAD}/decisions?view=overview")
    page.show("tier", "backend", "mean_fidelity", "at_a_glance")
    metadata = page.metadata()
    assert metadata["tier"] == "simulator"
    assert metadata["backend"] == "ideal_aer"
    assert float(metadata["mean_fidelity"]) > 0.9
    pictures = browser.find_elements("xpath", "//img[starts-with(@src, 'data:image/')]")
    assert any(int(picture.get_property("naturalWidth")) > 0 for picture in pictures)
