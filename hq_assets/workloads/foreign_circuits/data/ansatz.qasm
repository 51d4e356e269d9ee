// A two-layer ansatz with four parameters; the values stand in parameters.csv, one line per row.
OPENQASM 3.0;
include "stdgates.inc";
input float alpha;
input float beta;
input angle gamma;
input angle delta;
qubit[3] q;
bit[3] c;
ry(alpha) q[0];
ry(beta) q[1];
ry(alpha + beta) q[2];
cx q[0], q[1];
cx q[1], q[2];
rz(gamma) q[1];
ry(delta / 2) q[0];
ry(-delta) q[2];
c = measure q;
