"""One module per revision, named by its revision id; a released revision never changes."""
