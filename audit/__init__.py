"""Format, proofs and verification of the audit log. Standard library only."""
