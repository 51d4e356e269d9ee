// Says nothing about measurement: the rule of the workload decides.
OPENQASM 2.0;
include "qelib1.inc";
qreg q[2];
creg unused[2];
h q[0];
cz q[0], q[1];
h q[1];
