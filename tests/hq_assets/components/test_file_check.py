import pytest

from hq_assets.components.file_check import check_file, explain
from hq_assets.components.file_errors import WorkloadFileError
from resources.home import project_root


def _replace(file, old, new):
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + old[: len(old) - len(old.lstrip())].count("\n") + 1


@pytest.mark.parametrize("name", ["cancer_screening", "foreign_circuits"])
def test_the_shipped_files_have_nothing_to_explain(name):
    check_file(project_root() / "hq_assets" / "workloads" / name / "defs.yaml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("  team: screening", "  tem: screening", ["attributes.tem: unknown key (given: 'screening')", "allowed are"]),
        ("min_qubits: 4", "min_qubits: four", ["attributes.backend_assumptions.min_qubits", "integer", "'four'"]),
        ("min_qubits: 4", "qubits: 4", ["backend_assumptions.qubits: unknown key", "min_qubits, max_depth"]),
        ("criticality: decision support", "criticality: high", ["charter.criticality", "'critical'", "'high'"]),
        ("kernel: team:quantum", "kernel: quantum", ["charter.owners.kernel", "team:name"]),
        ("method: exact", "method: exakt", ["profiles.exact.method", "'binomial'", "'exakt'"]),
        ("    exact:\n      method", "    exact:\n      metod", ["profiles.exact.metod: unknown key", "method, shots"]),
        ("version: 1.0.0", "version: 1.0", ["template.version", "put it in quotes"]),
        ('cron: "0 2 * * *"', 'cron: "0 2"', ["attributes.schedule", "five cron fields"]),
        ("timezone: UTC", "timezone: Mars", ["attributes.schedule", "IANA time zone"]),
        ("{domain: health}", "{domain: breast health}", ["attributes.tags", "Allowed characters"]),
        ("HybridWorkload", "Hybrid", ["type: 'hq_assets.components.hybrid_workload.Hybrid'", "allowed is"]),
        ("attributes:", "atributes:", ["atributes: unknown key", "type, attributes"]),
        ('["data/*.csv"]', '["data/*.csv"', ["no valid YAML"]),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_file_line_given_and_allowed(copied, old, new, words):
    line = _replace(copied, old, new)
    with pytest.raises(WorkloadFileError) as caught:
        check_file(copied)
    message = str(caught.value)
    for word in words:
        assert word in message
    places = [int(part.split(":")[1]) for part in message.splitlines()]
    near = {line, line + 1}
    assert message.startswith(str(copied))
    assert near & set(places)


def test_a_missing_key_is_placed_at_its_section(copied):
    line = _replace(copied, "    latency_class: batch\n", "")
    with pytest.raises(
        WorkloadFileError, match=r"charter\.latency_class: this key is missing"
    ) as caught:
        check_file(copied)
    lines = copied.read_text(encoding="utf-8").splitlines()
    place = int(str(caught.value).removeprefix(str(copied)).split(":")[1])
    assert lines[place - 1].strip() == "charter:"
    assert place < line


@pytest.mark.parametrize("content", ["", "just words", "- a\n- b\n"])
def test_a_file_without_keys_is_refused(copied, content):
    copied.write_text(content, encoding="utf-8")
    with pytest.raises(
        WorkloadFileError, match="the file holds no keys; it needs: type, attributes"
    ):
        check_file(copied)


def test_a_file_of_another_encoding_is_refused(copied):
    copied.write_bytes("description: Größe".encode("latin-1"))
    with pytest.raises(WorkloadFileError, match="not UTF-8"):
        check_file(copied)


def test_an_error_that_no_file_caused_stays_as_it_is(copied):
    assert explain(RuntimeError("the disk is full"), copied.parents[1]) is None


def test_an_error_of_a_file_is_found_below_other_errors(copied):
    inner = WorkloadFileError("defs.yaml:3: team: no")
    outer = RuntimeError("while building")
    outer.__cause__ = inner
    assert explain(outer, copied.parents[1]) is inner
