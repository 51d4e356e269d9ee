// 200 qubits with T gates: wider than the workload allows.
OPENQASM 2.0;
include "qelib1.inc";
qreg q[200];
creg c[200];
h q;
t q;
h q;
measure q -> c;
