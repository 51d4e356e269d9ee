"""The command line: hq run, plan, sql, doctor; it calls the layers below and computes nothing itself."""
