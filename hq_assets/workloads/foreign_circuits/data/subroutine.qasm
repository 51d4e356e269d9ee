// Uses a subroutine and an integer variable, which Qiskit's OpenQASM 3 importer does not support.
OPENQASM 3.0;
include "stdgates.inc";
def flip(qubit a) {
  x a;
}
qubit q;
bit[1] c;
int[8] times = 3;
flip(q);
c[0] = measure q;
