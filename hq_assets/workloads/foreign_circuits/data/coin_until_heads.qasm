// Tosses until heads: a while loop that ends with probability 1, so the outcome is always 1.
OPENQASM 3.0;
include "stdgates.inc";
qubit q;
bit[1] heads;
while (heads == 0) {
  reset q;
  h q;
  heads[0] = measure q;
}
