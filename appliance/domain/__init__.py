"""Words and rules: value types, enums, pure decisions. No I/O."""
