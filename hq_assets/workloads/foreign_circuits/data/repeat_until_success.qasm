// Resets and tries again until the flag qubit is found in 1, at most four more times; then flips the result.
OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[1] flag;
bit[1] result;
h q[0];
flag[0] = measure q[0];
for int attempt in [0:3] {
  if (flag == 0) {
    reset q[0];
    h q[0];
    flag[0] = measure q[0];
  }
}
if (flag == 1) {
  x q[1];
} else {
  reset q[1];
}
result[0] = measure q[1];
