import pytest
from qiskit import QuantumCircuit

from hq_assets.quantum.drawing import circuit_text
from hq_assets.quantum.feature_maps import pair_circuit


def test_a_small_circuit_is_drawn_whole():
    circuit = QuantumCircuit(2)
    circuit.h(0)
    circuit.cx(0, 1)
    text = circuit_text(circuit)
    assert "┤ H ├" in text
    assert "operations" not in text


@pytest.mark.parametrize("max_lines", [10, 40, 200])
def test_a_large_circuit_says_how_much_of_it_is_drawn(max_lines):
    circuit = pair_circuit("zz", 8, 3, "full")
    text = circuit_text(circuit, max_width=110, max_lines=max_lines)
    lines = text.splitlines()
    assert len(lines) <= max_lines
    assert max(len(line) for line in lines) <= 110
    assert f"of {len(circuit.data)} operations" in lines[-1]


def test_more_room_shows_more_operations():
    circuit = pair_circuit("zz", 6, 2, "full")
    shown = [
        int(circuit_text(circuit, max_lines=lines).splitlines()[-1].split()[3])
        for lines in (40, 80, 160)
    ]
    assert shown == sorted(set(shown))


def test_a_drawing_cannot_end_its_code_fence():
    circuit = QuantumCircuit(1, name="```")
    inner = QuantumCircuit(1, name="a```b")
    inner.x(0)
    circuit.append(inner.to_gate(), [0])
    assert "`" not in circuit_text(circuit)
