// `mystery` is declared opaque: nobody says what it does.
OPENQASM 2.0;
include "qelib1.inc";
opaque mystery(theta) a, b;
qreg q[2];
creg c[2];
h q[0];
mystery(0.5) q[0], q[1];
measure q -> c;
