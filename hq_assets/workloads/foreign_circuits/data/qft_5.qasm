// Quantum Fourier transform of |00101>, then its inverse by modifiers on the same angles: the input comes back.
OPENQASM 3.0;
include "stdgates.inc";
gate qft5 a, b, c, d, e {
  h e;
  cp(pi / 2) d, e;
  cp(pi / 4) c, e;
  cp(pi / 8) b, e;
  cp(pi / 16) a, e;
  h d;
  cp(pi / 2) c, d;
  cp(pi / 4) b, d;
  cp(pi / 8) a, d;
  h c;
  cp(pi / 2) b, c;
  cp(pi / 4) a, c;
  h b;
  cp(pi / 2) a, b;
  h a;
  swap a, e;
  swap b, d;
}
qubit[5] q;
bit[5] c;
x q[0];
x q[2];
qft5 q[0], q[1], q[2], q[3], q[4];
barrier q;
inv @ qft5 q[0], q[1], q[2], q[3], q[4];
c = measure q;
