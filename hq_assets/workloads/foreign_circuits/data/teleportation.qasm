// Teleports Ry(1.2)|0> from q[0] to q[2]: mid-circuit measurements and conditionals.
OPENQASM 3.0;
include "stdgates.inc";
qubit[3] q;
bit[1] amplitude;
bit[1] sign;
bit[1] received;
ry(1.2) q[0];
h q[1];
cx q[1], q[2];
cx q[0], q[1];
h q[0];
sign[0] = measure q[0];
amplitude[0] = measure q[1];
if (amplitude == 1) {
  x q[2];
}
if (sign == 1) {
  z q[2];
}
received[0] = measure q[2];
