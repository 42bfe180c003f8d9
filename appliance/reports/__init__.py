"""Reports as bytes: for programs, for working papers, and for people."""
