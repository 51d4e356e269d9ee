// A ripple-carry adder of two 2-bit numbers from custom gates: 3 + 2 = 5 (majority and unmajority gates).
OPENQASM 2.0;
include "qelib1.inc";
gate majority a, b, c {
  cx c, b;
  cx c, a;
  ccx a, b, c;
}
gate unmajority a, b, c {
  ccx a, b, c;
  cx c, a;
  cx a, b;
}
gate add_two cin, a0, b0, a1, b1, cout {
  majority cin, b0, a0;
  majority a0, b1, a1;
  cx a1, cout;
  unmajority a0, b1, a1;
  unmajority cin, b0, a0;
}
qreg carry_in[1];
qreg a[2];
qreg b[2];
qreg carry_out[1];
creg sum[3];
x a[0];
x a[1];
x b[1];
add_two carry_in[0], a[0], b[0], a[1], b[1], carry_out[0];
measure b[0] -> sum[0];
measure b[1] -> sum[1];
measure carry_out[0] -> sum[2];
