"""The audit log: growing, finding, proving, exporting, streaming, witnessing, taking out."""
