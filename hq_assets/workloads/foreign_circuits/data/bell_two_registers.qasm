// A Bell pair and a flipped qubit, measured out of order into two classical registers.
OPENQASM 2.0;
include "qelib1.inc";
qreg left[1];
qreg right[2];
creg first[1];
creg second[2];
h left[0];
cx left[0], right[1];
x right[0];
barrier left, right;
measure right[1] -> second[0];
measure left[0] -> first[0];
measure right[0] -> second[1];
